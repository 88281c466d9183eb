"""Whatever the user opens to an open project, as jobs off the window's thread.

What needs a decision of the user comes back as a value (`Locked`, `Damaged`, `VideoGone`,
`VideoChanged`); what cannot be opened at all is raised.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from pathlib import Path

from core.errors import (
    OutputError,
    ProjectFileError,
    ProjectLocked,
    VideoDecodeError,
    VideoOpenError,
    VosError,
)
from core.jobs import CancelToken, Progress
from core.media.export.base import file_name_for
from core.media.scratch import scratch_file
from core.media.video import open_video
from vosapp.assets import sample_film
from vosapp.project.file import Options
from vosapp.project.filesystem import is_writable
from vosapp.project.model import Change, VideoRef
from vosapp.project.opening import SUFFIX, create_project, open_project
from vosapp.project.recovery import Salvage, salvage
from vosapp.project.relink import relink, video_differences, video_path
from vosapp.project.side_files import is_free
from vosapp.project.store import Project
from vosapp.project.video_ref import differences, video_ref
from vosapp.session.view import read_update

MAX_NAMES = 10_000
COPY_BYTES = 8 << 20
READ_ONLY = Options(read_only=True)


@dataclass(frozen=True, slots=True)
class Opened:
    """An open project whose video is there.

    Attributes:
        project: to be closed by whoever takes it.
        video: where its video is.
        notes: what there is to tell, in plain sentences.
        saved: what was saved of a damaged project, None where it was not damaged.
        elsewhere: where the project is and why, where that is not beside its video; else empty.
    """

    project: Project
    video: Path
    notes: tuple[str, ...] = ()
    saved: Salvage | None = None
    elsewhere: str = ""


@dataclass(frozen=True, slots=True)
class Locked:
    """Somebody else has the project open."""

    path: Path
    error: VosError


@dataclass(frozen=True, slots=True)
class Damaged:
    """The project file cannot be used as it is; something of it may be saved."""

    path: Path
    error: VosError


@dataclass(frozen=True, slots=True)
class VideoGone:
    """The video of a project is at none of its known places. The project is closed."""

    path: Path
    video: VideoRef


@dataclass(frozen=True, slots=True)
class VideoChanged:
    """What lies where the project's video should may be another one. The project is closed.

    Attributes:
        path: of the project.
        video: that it was made with.
        found: what is there now.
        notes: in what it differs, in plain sentences.
        fits: the project's masks fit its frames.
    """

    path: Path
    video: VideoRef
    found: Path
    notes: tuple[str, ...]
    fits: bool


Answer = Opened | Locked | Damaged | VideoGone | VideoChanged
OpenJob = Callable[[CancelToken], Generator[Progress, None, Answer]]


def open_any(path: Path, fallback: Path) -> OpenJob:
    """Open a project, or make or find the project of a video or image folder.

    The project of `clip.mp4` is `clip.vosapp` beside it; where that belongs to another video, the
    next free name; where the folder cannot be written to, a folder of the user's.

    Args:
        path: a project, a video file, or a folder of images.
        fallback: where projects go whose video lies in a folder that cannot be written to.

    The job raises:
        VosError: nothing of the kind, or it cannot be read or written.
    """

    def job(token: CancelToken) -> Generator[Progress, None, Answer]:
        if path.suffix == SUFFIX and not path.is_dir():
            return (yield from _open_file(path, token))
        return (yield from _open_video(path, fallback, token))

    return job


def open_to_look(path: Path) -> OpenJob:
    """Open a project that somebody else has open; nothing in it can be changed."""

    def job(token: CancelToken) -> Generator[Progress, None, Answer]:
        yield Progress(0, 0, f"opening {path.name}")
        token.check()
        return _with_video(open_project(path, READ_ONLY))

    return job


def open_copy(path: Path, fallback: Path) -> OpenJob:
    """Open a copy of a project that somebody else has open, to go on in the copy."""

    def job(token: CancelToken) -> Generator[Progress, None, Answer]:
        folder = path.parent if is_writable(path.parent) else made(fallback)
        target = free_name(folder, f"{path.stem} copy")
        with open_project(path, READ_ONLY) as source:
            yield from source.save_copy(target, token)
        return (yield from _open_file(target, token))

    return job


def open_saved(path: Path, fallback: Path) -> OpenJob:
    """Open a new project with what can still be read of a damaged one."""

    def job(token: CancelToken) -> Generator[Progress, None, Answer]:
        folder = path.parent if is_writable(path.parent) else made(fallback)
        yield Progress(0, 0, f"saving what can be read of {path.name}")
        token.check()
        saved = salvage(path, free_name(folder, f"{path.stem} recovered"))
        answer = yield from _open_file(saved.path, token)
        if isinstance(answer, Opened):
            return Opened(answer.project, answer.video, answer.notes, saved)
        return answer

    return job


def open_relinked(path: Path, video: Path, *, confirmed: bool = False) -> OpenJob:
    """Open a project whose video has gone to another place.

    Args:
        path: the project.
        video: where its video is now.
        confirmed: the user says that it is the video, though it may be another file.
    """

    def job(token: CancelToken) -> Generator[Progress, None, Answer]:
        yield Progress(0, 0, f"reading {video.name}")
        project = open_project(path)
        try:
            notes = video_differences(project, video)
            token.check()
            if notes and not confirmed:
                project.close()
                return VideoChanged(project.path, project.video, video, notes, fits=True)
            relink(project, video)
        except BaseException:
            project.close()
            raise
        told = tuple(f"{video.name} is not quite the same file: {note}." for note in notes)
        return Opened(project, video, (*project.notes, *told))

    return job


def open_sample(folder: Path) -> OpenJob:
    """Open the bundled film in a new project of the user's own.

    Args:
        folder: where the film is copied to and the project is made.
    """

    def job(token: CancelToken) -> Generator[Progress, None, Answer]:
        film = sample_film()
        target = made(folder) / film.name
        yield from _copy(film, target, token)
        project = _make(target, free_name(folder, target.stem))
        return Opened(project, target)

    return job


def free_name(folder: Path, stem: str) -> Path:
    """Return a project's path in a folder that no file has yet.

    Raises:
        OutputError: ten thousand names are taken.
    """
    for number in range(1, MAX_NAMES):
        path = folder / f"{stem}{'' if number == 1 else f' {number}'}{SUFFIX}"
        if is_free(path):
            return path
    raise OutputError(f"{folder} is full of projects named {stem}.", "Choose another folder.")


def made(folder: Path) -> Path:
    """Return a folder that exists now.

    Raises:
        OutputError: it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(
            f"Cannot make the folder {folder}: {error.strerror}.",
            "Check the disk and the permissions.",
        ) from error
    return folder


def _open_file(path: Path, token: CancelToken) -> Generator[Progress, None, Answer]:
    yield Progress(0, 0, f"opening {path.name}")
    token.check()
    try:
        project = open_project(path)
    except ProjectLocked as error:
        return Locked(path, error)
    except OutputError as error:
        return _only_look(path, error)
    except ProjectFileError as error:
        if not path.is_file():
            raise
        return Damaged(path, error)
    return _with_video(project)


def _only_look(path: Path, error: OutputError) -> Answer:
    """What cannot be written to, as on read-only media, can still be looked at."""
    try:
        project = open_project(path, READ_ONLY)
    except VosError:
        raise error from None
    answer = _with_video(project)
    if isinstance(answer, Opened):
        return replace(answer, notes=(error.message, *answer.notes))
    return answer


def _with_video(project: Project) -> Answer:
    """The project with its video; without it, or without sense, the project is closed again."""
    try:
        # All that the window reads at once: damage shows here and not on the way.
        read_update(project, Change(""))
    except ProjectFileError as error:
        project.close()
        return Damaged(project.path, error)
    video = video_path(project)
    if video is None:
        project.close()
        return VideoGone(project.path, project.video)
    notes, fits = _look_for_differences(project, video)
    if project.read_only and notes and fits:
        # Nothing can be lost, and it cannot be remembered.
        told = f"{video} may be another video than that of the project: {'; '.join(notes)}."
        return Opened(project, video, (*project.notes, told))
    if notes:
        project.close()
        return VideoChanged(project.path, project.video, video, notes, fits)
    return Opened(project, video, project.notes)


def _look_for_differences(project: Project, video: Path) -> tuple[tuple[str, ...], bool]:
    """In what a video differs from the project's, and whether masks fit it all the same."""
    try:
        return video_differences(project, video), True
    except (ProjectFileError, VideoOpenError, VideoDecodeError) as error:
        return (error.message.rstrip("."),), False


def _open_video(
    path: Path, fallback: Path, token: CancelToken
) -> Generator[Progress, None, Answer]:
    yield Progress(0, 0, f"reading {path.name}")
    ref = _look_at(path)
    token.check()
    stem = file_name_for(path.stem if path.is_file() else path.name, fallback="video")
    folders = [path.absolute().parent] if is_writable(path.absolute().parent) else []
    for folder in (*folders, fallback):
        for place in _names(folder, stem):
            if is_free(place):
                yield Progress(0, 0, f"making {place.name}")
                made(folder)
                made_here = create_project(place, _seen_from(path, place))
                return _placed(Opened(made_here, path), path.absolute().parent)
            if place.is_file() and belongs_to(place, ref):
                answer = yield from _open_file(place, token)
                return _placed(answer, path.absolute().parent)
    raise OutputError(f"No project can be made for {path}.", "Move the video to another folder.")


def _placed(answer: Answer, folder: Path) -> Answer:
    """The same, and where the project is, unless that is in the video's folder."""
    if not isinstance(answer, Opened) or answer.project.path.parent.samefile(folder):
        return answer
    told = f"{folder} may only be read, so the project is {answer.project.path}."
    return replace(answer, elsewhere=told)


def _names(folder: Path, stem: str) -> Generator[Path, None, None]:
    for number in range(1, MAX_NAMES):
        yield folder / f"{stem}{'' if number == 1 else f' {number}'}{SUFFIX}"


def belongs_to(project: Path, video: VideoRef) -> bool:
    """True where a project file is about a video, or is damaged but has the video's name.

    A damaged project is not passed over: its user wants to hear of it.
    """
    try:
        with open_project(project, READ_ONLY) as found:
            return not differences(found.video, video)
    except VosError:
        return True


def _look_at(path: Path) -> VideoRef:
    with open_video(path, cache_bytes=0) as video:
        return video_ref(video.info, path)


def _seen_from(video: Path, project: Path) -> VideoRef:
    with open_video(video, cache_bytes=0) as source:
        return video_ref(source.info, project)


def _make(video: Path, project: Path) -> Project:
    return create_project(project, _seen_from(video, project))


def _copy(source: Path, target: Path, token: CancelToken) -> Generator[Progress, None, None]:
    size = source.stat().st_size
    if target.is_file() and target.stat().st_size == size:
        return
    try:
        with scratch_file(target) as temporary:
            with source.open("rb") as reading, temporary.open("wb") as writing:
                done = 0
                while block := reading.read(COPY_BYTES):
                    token.check()
                    writing.write(block)
                    done += len(block)
                    yield Progress(done, size, f"copying {source.name}")
            shutil.copystat(source, temporary)
            temporary.replace(target)
    except OSError as error:
        raise OutputError(f"Cannot write {target}: {error.strerror}.", "Check the disk.") from error
