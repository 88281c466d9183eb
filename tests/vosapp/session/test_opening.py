"""Opening: where a video's project is found or made, and what stands in the way."""

from __future__ import annotations

import shutil

import pytest
from PIL import Image
from vosapp_fakes import write_film

from core.errors import OutputError, ProjectFileError, VideoOpenError
from core.jobs import Cancelled, CancelToken, result_of
from vosapp.project.opening import open_project
from vosapp.session import opening
from vosapp.session.opening import Damaged, Locked, Opened, VideoChanged, VideoGone
from vosapp.session.recent import MAX_RECENT, RecentProjects


def outcome(job, token=None):
    return result_of(job(token or CancelToken()))


@pytest.fixture
def own_film(tmp_path, film):
    """A film in a folder of the test's own, for tests that make projects beside it."""
    folder = tmp_path / "films" / "boxes"
    shutil.copytree(film, folder)
    return folder


@pytest.fixture
def fallback(tmp_path):
    return tmp_path / "data" / "projects"


def opened(answer):
    assert isinstance(answer, Opened)
    answer.project.close()
    return answer


def test_a_video_gets_a_project_beside_it(own_film, fallback):
    first = opened(outcome(opening.open_any(own_film, fallback)))
    assert first.project.path == own_film.with_name("boxes.vosapp") and first.video == own_film
    again = opened(outcome(opening.open_any(own_film, fallback)))
    assert again.project.path == first.project.path and not fallback.exists()


def test_a_project_of_another_video_is_passed_over(own_film, fallback, tmp_path):
    other = write_film(tmp_path / "other" / "boxes", count=5)
    made = opened(outcome(opening.open_any(other, fallback)))
    shutil.copy(made.project.path, own_film.with_name("boxes.vosapp"))
    found = opened(outcome(opening.open_any(own_film, fallback)))
    assert found.project.path.name == "boxes 2.vosapp"
    again = opened(outcome(opening.open_any(own_film, fallback)))
    assert again.project.path == found.project.path


def test_on_a_read_only_disk_the_project_goes_elsewhere(own_film, fallback, monkeypatch):
    monkeypatch.setattr(opening, "is_writable", lambda folder: folder != own_film.parent)
    made = opened(outcome(opening.open_any(own_film, fallback)))
    assert made.project.path == fallback / "boxes.vosapp" and made.video == own_film


def test_a_project_opens_with_its_video(film_project, film):
    answer = opened(outcome(opening.open_any(film_project, film.parent)))
    assert (answer.project.path, answer.video) == (film_project, film)


def test_what_is_no_video_is_refused(tmp_path, fallback):
    (tmp_path / "notes.txt").write_text("no video")
    with pytest.raises(VideoOpenError):
        outcome(opening.open_any(tmp_path / "notes.txt", fallback))
    with pytest.raises(VideoOpenError):
        outcome(opening.open_any(tmp_path / "nothing.mp4", fallback))
    with pytest.raises(ProjectFileError):
        outcome(opening.open_any(tmp_path / "nothing.vosapp", fallback))


def test_a_locked_project_can_be_copied_or_looked_at(film_project, fallback):
    with open_project(film_project):
        answer = outcome(opening.open_any(film_project, fallback))
        assert isinstance(answer, Locked) and "open in another" in answer.error.message
        copy = opened(outcome(opening.open_copy(film_project, fallback)))
        assert copy.project.path.name == "boxes copy.vosapp" and not copy.project.read_only
        look = opened(outcome(opening.open_to_look(film_project)))
        assert look.project.path == film_project and look.project.read_only


def test_a_damaged_project_is_offered_to_be_saved(film_project, fallback):
    data = bytearray(film_project.read_bytes())
    data[4096:] = bytes(len(data) - 4096)
    film_project.write_bytes(data)
    answer = outcome(opening.open_any(film_project, fallback))
    assert isinstance(answer, Damaged)


def test_what_is_saved_of_a_project_is_opened(film_project, fallback, film):
    answer = opened(outcome(opening.open_saved(film_project, fallback)))
    assert answer.project.path.name == "boxes recovered.vosapp" and answer.video == film
    assert answer.saved is not None and "the undo history is not taken over" in answer.saved.lost


def test_a_video_that_is_gone_is_asked_for(film_project, tmp_path, own_film, fallback, film):
    with open_project(film_project) as project:
        ref = project.video
        moved = type(ref)(
            "/gone/boxes", "gone/boxes", ref.size, ref.content_hash, ref.frame_count,
            ref.width, ref.height, ref.fps, ref.stems,
        )  # fmt: skip
        project.set_video(moved)
    answer = outcome(opening.open_any(film_project, fallback))
    assert isinstance(answer, VideoGone) and answer.video == moved
    found = opened(outcome(opening.open_relinked(film_project, own_film)))
    assert found.video == own_film and found.notes == ()
    opened(outcome(opening.open_any(film_project, fallback)))
    with pytest.raises(ProjectFileError):
        outcome(opening.open_relinked(film_project, write_film(tmp_path / "short", count=3)))


def test_the_sample_is_copied_once_and_makes_new_projects(tmp_path):
    folder = tmp_path / "samples"
    first, second = (opened(outcome(opening.open_sample(folder))) for _ in range(2))
    assert first.project.path != second.project.path and first.video == second.video
    assert sorted(path.suffix for path in folder.iterdir()) == [".mp4", ".vosapp", ".vosapp"]


def test_a_stopped_copy_leaves_nothing(tmp_path):
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        outcome(opening.open_sample(tmp_path / "samples"), token)
    assert list((tmp_path / "samples").iterdir()) == []


def test_free_names_end(tmp_path, monkeypatch):
    monkeypatch.setattr(opening, "MAX_NAMES", 3)
    (tmp_path / "a.vosapp").touch()
    assert opening.free_name(tmp_path, "a").name == "a 2.vosapp"
    (tmp_path / "a 2.vosapp").touch()
    with pytest.raises(OutputError):
        opening.free_name(tmp_path, "a")


def test_recent_projects_are_few_and_new_first(tmp_path):
    recent = RecentProjects(tmp_path / "config" / "recent.json")
    assert recent.paths() == ()
    for number in range(MAX_RECENT + 3):
        recent.add(tmp_path / f"{number}.vosapp")
    recent.add(tmp_path / "5.vosapp")
    assert len(recent.paths()) == MAX_RECENT and recent.paths()[0].name == "5.vosapp"
    recent.remove(tmp_path / "5.vosapp")
    assert tmp_path / "5.vosapp" not in RecentProjects(recent._file).paths()
    recent.clear()
    assert recent.paths() == ()


@pytest.mark.parametrize("text", ["", "{", "3", '[3, "", null]', "[" * 100_000])
def test_a_damaged_list_counts_as_empty(tmp_path, text):
    (tmp_path / "recent.json").write_text(text)
    assert RecentProjects(tmp_path / "recent.json").paths() == ()


def test_a_link_under_the_name_of_a_half_copied_sample_is_not_followed(tmp_path):
    precious = tmp_path / "precious"
    precious.write_bytes(b"mine")
    (tmp_path / "samples").mkdir()
    name = opening.sample_film().name
    (tmp_path / "samples" / f".{name}.part").symlink_to(precious)
    opened(outcome(opening.open_sample(tmp_path / "samples")))
    assert precious.read_bytes() == b"mine"


def test_a_log_that_lies_beside_a_video_is_passed_over(own_film, fallback):
    """It came with the video's folder; SQLite would take it for a part of a new project."""
    own_film.with_name("boxes.vosapp-wal").write_bytes(b"edits of another project")
    own_film.with_name("boxes 2.vosapp").symlink_to(own_film.with_name("gone.vosapp"))
    found = opened(outcome(opening.open_any(own_film, fallback)))
    assert found.project.path.name == "boxes 3.vosapp"
    assert opening.free_name(own_film.parent, "boxes").name == "boxes 4.vosapp"


@pytest.fixture
def own_project(own_film, fallback):
    """A project of a film of the test's own; it is not open."""
    return opened(outcome(opening.open_any(own_film, fallback))).project.path


def turn_around(film):
    """Put other pictures in place of a film's, of the same names, size and number."""
    for path in film.iterdir():
        with Image.open(path) as image:
            turned = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        turned.save(path)


def test_another_video_in_place_of_the_projects_is_asked_about(own_project, own_film, fallback):
    turn_around(own_film)
    answer = outcome(opening.open_any(own_project, fallback))
    assert isinstance(answer, VideoChanged) and answer.fits
    assert (answer.path, answer.found) == (own_project, own_film) and answer.notes
    again = outcome(opening.open_relinked(own_project, own_film))
    assert isinstance(again, VideoChanged)
    told = opened(outcome(opening.open_relinked(own_project, own_film, confirmed=True))).notes
    assert "not quite the same file" in told[0]
    assert opened(outcome(opening.open_any(own_project, fallback))).notes == ()


def test_it_can_be_looked_at(own_project, own_film):
    turn_around(own_film)
    look = opened(outcome(opening.open_to_look(own_project)))
    assert look.project.read_only and "may be another video" in look.notes[0]


def test_one_that_does_not_fit_cannot_be_confirmed(own_project, own_film, fallback):
    (own_film / "00023.png").unlink()
    answer = outcome(opening.open_any(own_project, fallback))
    assert isinstance(answer, VideoChanged) and not answer.fits
    assert "23 frames, not 24" in answer.notes[0]
    for path in own_film.iterdir():
        path.write_bytes(b"no picture")
    answer = outcome(opening.open_any(own_project, fallback))
    assert isinstance(answer, VideoChanged) and not answer.fits
