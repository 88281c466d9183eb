"""`vosapp propagate --clean`: specks go by default, and only from what is propagated."""

from __future__ import annotations

import numpy as np
import pytest

from core.media.label_map import write_label_map
from vosapp.cli.main import main
from vosapp.project.opening import open_project

COPY = ("--system", "copy", "--direction", "forward")


@pytest.fixture
def specked(tmp_path, shapes):
    """The mask of frame 0 with a speck of object 1 in the corner, and without."""
    whole = np.array(shapes[1][0])
    whole[0, 97] = 0
    spoiled = whole.copy()
    spoiled[0, 97] = 1
    write_label_map(tmp_path / "00000.png", spoiled)
    return spoiled, whole


def test_by_default_what_is_propagated_has_no_specks(call, film, specked, tmp_path, read_results):
    spoiled, whole = specked
    told = call("propagate", film, "--masks", tmp_path / "00000.png", "-o", tmp_path / "o", *COPY)
    assert told["clean"] == "default"
    found = read_results(tmp_path / "o" / "film")
    assert np.array_equal(found.pop("00000"), spoiled)
    assert len(found) == 8
    assert all(np.array_equal(one, whole) for one in found.values())


def test_none_gives_raw_masks_and_others_do_what_they_say(
    call, film, specked, tmp_path, read_results
):
    lead = ("propagate", film, "--masks", tmp_path / "00000.png", "-o", tmp_path / "o", *COPY)
    assert call(*lead, "--clean", "none")["clean"] == "none"
    assert all(np.array_equal(m, specked[0]) for m in read_results(tmp_path / "o/film").values())
    assert call(*lead, "--clean", "keep=1,shrink=2")["clean"] == "keep=1,shrink=2"
    found = read_results(tmp_path / "o" / "film")
    assert np.array_equal(found["00000"], specked[0])
    assert 0 < (found["00004"] > 0).sum() < (specked[1] > 0).sum()


def test_a_run_goes_on_with_its_own_clean_up_only(call, capfd, kill, film, specked, tmp_path):
    lead = ("propagate", film, "--masks", tmp_path / "00000.png", "-o", tmp_path / "o", *COPY)
    with kill(4):
        main(list(map(str, lead)))
    capfd.readouterr()
    told = call(*lead, "--resume", "--clean", "none", code=2)
    assert "clean default, now none" in told["error"]["message"]
    assert call(*lead, "--resume")["frames"] == 9


def test_nonsense_is_refused(call, film, specked, tmp_path):
    lead = ("propagate", film, "--masks", tmp_path / "00000.png", "-o", tmp_path / "o", *COPY)
    told = call(*lead, "--clean", "everything", code=2)["error"]
    assert "'everything' is no way to clean up masks" in told["message"]
    assert "islands=auto" in told["hint"]
    assert not (tmp_path / "o").exists()


def test_into_a_project(call, film, specked, tmp_path):
    project = tmp_path / "p.vosapp"
    call("new", film, "--masks", tmp_path / "00000.png", "-o", project)
    raw = call("propagate", project, *COPY, "--clean", "none")
    assert (raw["frames"], raw["clean"]) == (8, "none")
    assert call("propagate", project, *COPY, "--all")["frames"] == 8
    with open_project(project) as opened:
        assert np.array_equal(opened.label_map(0), specked[0])
        assert np.array_equal(opened.label_map(5), specked[1])
        opened.undo()
        assert np.array_equal(opened.label_map(5), specked[0])
