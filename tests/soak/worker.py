"""Processes for the soak tests: they edit a project at full speed until they are killed.

Run as a program it is a nursery: it imports everything once and forks a child for each line on
stdin, `mode folder seed`. It prints the child's process id when the child starts and its exit
status when it ends.
"""

from __future__ import annotations

import hashlib
import os
import random
import shutil
import sys
import traceback
from fractions import Fraction
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import numpy as np  # noqa: E402

from core.errors import OutputError, VosError  # noqa: E402
from core.jobs import CancelToken  # noqa: E402, F401
from core.types import FrameResult, Keyframe  # noqa: E402
from vosapp.project import edit_boxes, edit_masks, edit_ranges, edits, tuned  # noqa: E402, F401
from vosapp.project.file import Options  # noqa: E402
from vosapp.project.keyframes import keyframes  # noqa: E402
from vosapp.project.model import Prompt, PromptKind, VideoRef  # noqa: E402
from vosapp.project.opening import create_project, open_project  # noqa: E402
from vosapp.project.recovery import salvage  # noqa: E402

FRAMES, HEIGHT, WIDTH = 700, 54, 96
OPEN_EVERY = 60


def video_ref(frames=FRAMES, height=HEIGHT, width=WIDTH):
    return VideoRef("film.mp4", "film.mp4", 1, "00", frames, width, height, Fraction(25))


_TABLES = ("objects", "prompts", "assertions", "keyframes", "results", "lanes", "runs")
_QUERIES = (
    *(f"SELECT '{table}', * FROM {table} ORDER BY 2, 3" for table in _TABLES),
    "SELECT entry_id, name, size, undone FROM history ORDER BY entry_id",
    "SELECT entry_id, table_name, key_1, key_2, existed, fields, data FROM changes"
    " ORDER BY entry_id, table_name, key_1, key_2",
)


def digest(project):
    """A hash of all that is in a project but times of day."""
    state = hashlib.sha256()
    for query in _QUERIES:
        for row in project._connection.execute(query):
            for value in row:
                state.update(value if isinstance(value, bytes) else repr(value).encode())
    state.update(str(project.revision).encode())
    return state.hexdigest()


def random_map(rng, ids, height=HEIGHT, width=WIDTH):
    label_map = np.zeros((height, width), np.uint8)
    for object_id in ids:
        top, left = rng.randrange(height), rng.randrange(width)
        bottom, right = top + rng.randrange(1, 20), left + rng.randrange(1, 30)
        label_map[top:bottom, left:right] = object_id
    return label_map


def random_edit(rng, project):
    """Any edit, most of them possible, on few frames so that they meet each other."""
    ids = [item.object_id for item in project.objects()]
    frame = rng.choice((0, 3, 4, 10, 511, 512, FRAMES - 1))
    if len(ids) < 2:
        return edits.AddObject(name=f"Bear {rng.randrange(99)}")
    one, other = rng.sample(ids, 2)
    patch = np.ones((rng.randrange(1, 15), rng.randrange(1, 15)), np.bool_)
    place = (rng.randrange(-5, HEIGHT), rng.randrange(-5, WIDTH))
    box = Prompt(frame, one, PromptKind.BOX, ((1.0, 2.0, 1), (30.5, 40.0, 1)))
    keyframe = Keyframe(frame, (one, other), random_map(rng, (one, other)))
    stop = min(FRAMES, frame + rng.randrange(1, 600))
    return rng.choice(
        [
            *[edit_masks.Paint(frame, one, *place, patch)] * 4,
            edit_masks.Paint(frame, one, *place, patch, erase=True),
            edit_masks.SetMask(frame, one, random_map(rng, (1,)) == 1),
            edit_masks.MarkAbsent(one, frame, min(FRAMES, frame + 3)),
            edit_masks.ImportKeyframes((keyframe,), overwrite=rng.random() < 0.5),
            edit_ranges.CheckFrames((one,), frame, stop, checked=rng.random() < 0.7),
            edit_ranges.SetReference(frame),
            edit_ranges.ClearMasks(one, frame, stop),
            edit_ranges.SplitObject(one, frame),
            edit_ranges.MergeObjects(one, other),
            edit_ranges.DeleteObject(one),
            edits.AddObject(),
            edits.RenameObject(one, f"Fox {rng.randrange(99)}"),
            edits.RecolorObject(one, (rng.randrange(256), 2, 3)),
            edits.SetCategory(other, f"kind {rng.randrange(9)}"),
            edits.ShowObject(one, rng.random() < 0.5),
            edits.LockObject(one, rng.random() < 0.3),
            edits.ReorderObjects(tuple(rng.sample(ids, len(ids)))),
            edits.AddPrompt(box),
            edit_boxes.PutBox(edit_boxes.BoxLabel(frame, one, 1.5, 2.0, rng.random() + 1, 9.25)),
            edit_boxes.InterpolateBoxes(one),
            edit_boxes.RemoveBoxes(one, frame, stop),
            edits.Group((edits.AddPrompt(box), edit_masks.Paint(frame, one, *place, patch))),
        ]
    )


def random_results(rng, project):
    """What a tracker would give: the last keyframe's map, shifted."""
    start = rng.randrange(FRAMES - 8)
    asserted = keyframes(project)
    label_map = asserted[-1].label_map if asserted else project.label_map(0)
    ids = tuple(item.object_id for item in project.objects())
    return [
        FrameResult(f, np.roll(label_map, f - start, axis=1), ids, dict.fromkeys(ids, 0.5))
        for f in range(start, start + rng.randrange(1, 8))
    ]


def begin(project):
    """Announce a propagation, whose results `operation` puts later."""
    project.soak_run = project.begin_propagation("fake", "none")


def operation(rng, project):
    """Choose what to do now; returns a function of a project that does it in one transaction."""
    kind = rng.random()
    if kind < 0.6:
        edit = random_edit(rng, project)
        return lambda target: target.do(edit)
    if kind < 0.7:
        return lambda target: target.undo()
    if kind < 0.75:
        return lambda target: target.redo()
    if kind < 0.78:
        return begin
    batch = random_results(rng, project)
    return lambda target: target.put_results(target.soak_run, batch)


def attempt(action, project):
    """Do something; what the user could mend has changed nothing."""
    try:
        action(project)
    except OutputError:
        raise
    except VosError:
        return False
    return True


def soak(folder, seed, say):
    """Edit until killed. Says `next DIGEST` before each commit and `done DIGEST` after it."""
    rng = random.Random(seed)
    path, shadow_path = folder / "p.vosapp", folder / f"shadow-{seed}.vosapp"
    if not path.exists():
        create_project(path, video_ref()).close()
    while True:
        project = open_project(path)
        say(f"done {digest(project)}")
        shadow_path.unlink(missing_ok=True)
        for _ in project.save_copy(shadow_path):
            pass
        shadow = open_project(shadow_path)
        shadow._connection.execute("PRAGMA synchronous = OFF")
        _both(begin, shadow, project, say)
        for _ in range(rng.randrange(1, OPEN_EVERY)):
            _both(operation(rng, shadow), shadow, project, say)
        shadow.close()
        project.close()


def _both(action, shadow, project, say):
    attempt(action, shadow)
    expected = digest(shadow)
    say(f"next {expected}")
    attempt(action, project)
    now = digest(project)
    if now != expected:
        raise RuntimeError("the same edit made two different projects")
    say(f"done {now}")


def fill_disk(folder, seed, limit):
    """Edit until writing fails, several times over; nothing acknowledged may be lost.

    Args:
        folder: where the project is.
        seed: of the edits.
        limit: called with the project before each round; makes writing fail soon.
    """
    rng = random.Random(seed)
    path = folder / "p.vosapp"
    project = open_project(path) if path.exists() else create_project(path, video_ref())
    failed = 0
    begin(project)
    for _ in range(400):
        before = digest(project)
        limit(project, rng)
        try:
            attempt(operation(rng, project), project)
        except OutputError:
            failed += 1
            if digest(project) != before:
                raise RuntimeError("a failed write has changed the project") from None
            if failed == 3:
                break
    if failed < 3:
        raise RuntimeError(f"writing failed {failed} times only")
    return project, digest(project)


def size_limited(folder, seed, _say):
    """The system refuses to let any file grow beyond a limit (EFBIG in place of ENOSPC)."""
    import resource

    def limit(_project, rng):
        if resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY:
            sizes = [p.stat().st_size for p in folder.iterdir()]
            most = max(sizes) + rng.randrange(1, 200_000)
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))

    project, expected = fill_disk(folder, seed, limit)
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    _finish(project, expected, folder)


def page_limited(folder, seed, _say):
    """SQLite itself refuses to let the file grow, as on a full disk (SQLITE_FULL)."""

    def limit(project, rng):
        pages = project._connection.execute("PRAGMA page_count").fetchone()[0]
        most = pages + rng.randrange(3)
        project._connection.execute(f"PRAGMA max_page_count = {most}").fetchone()

    project, expected = fill_disk(folder, seed, limit)
    project._connection.execute("PRAGMA max_page_count = 1073741823").fetchone()
    _finish(project, expected, folder)


def small_disk(folder, seed, _say):
    """A disk of its own that is really full; needs the right to mount one."""
    import whole_files

    whole_files.mount_small(folder, random.Random(seed).randrange(300, 900) << 10)
    ballast = folder / "ballast"
    ballast.write_bytes(b"x" * 100_000)
    project, expected = fill_disk(folder, seed, lambda *_: None)
    ballast.unlink()
    _finish(project, expected, folder)


def _finish(project, expected, folder):
    """With room again all is there after opening it anew, and the project goes on."""
    project.close()
    with open_project(folder / "p.vosapp") as again:
        if again.problems():
            raise RuntimeError(f"damaged: {again.problems()}")
        if digest(again) != expected:
            raise RuntimeError("something acknowledged is missing")
        again.do(edits.AddObject(name="after"))


MOST_SECONDS = 30
"""What one of them may take, of the processor; of the clock ten times that, on a busy machine."""
MOST_MEMORY = 1 << 30
"""Bytes of address space that a hostile file may cost beyond what the process has."""


def read_all(project):
    """Read whatever a window could ask for."""
    problems = []
    count = project.video.frame_count
    frames = [*range(min(count, 40)), *project.keyframe_indices()[:100], count - 1]
    calls = [
        project.objects,
        project.history,
        project.references,
        project.counts,
        project.problems,
        lambda: project.setting("view"),
        lambda: project.tuned() and project.tuned_data(),
        project.frame_index,
        lambda: [project.lane(item.object_id) for item in project.objects()],
        *[lambda f=f: project.label_map(f) for f in frames],
        *[lambda f=f: project.keyframe_map(f) for f in frames],
        *[lambda f=f: (project.prompts(f), project.boxes(f)) for f in frames],
        *[lambda f=f: project.assertions(f) for f in frames],
    ]
    for call in calls:
        try:
            call()
        except VosError as exc:
            problems.append(exc.code)
    return problems


def hostile(folder, _seed, say):
    """Open, read, change a copy, and salvage a file that somebody made to hurt us."""
    import resource
    import signal

    signal.setitimer(signal.ITIMER_PROF, MOST_SECONDS)
    signal.alarm(10 * MOST_SECONDS)
    with Path("/proc/self/statm").open() as statm:
        size = int(statm.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + MOST_MEMORY, resource.RLIM_INFINITY))
    path = folder / "h.vosapp"
    try:
        with open_project(path, Options(read_only=True)) as project:
            say(f"read {read_all(project)}")
    except VosError as exc:
        say(f"refused {exc}")
    try:
        saved = salvage(path, folder / "saved.vosapp")
        with open_project(saved.path) as project:
            problems = read_all(project)
            if project.problems() or problems:
                raise RuntimeError(f"salvage made a damaged project: {problems}")
            say(f"saved {saved.kept} {saved.lost}")
    except VosError as exc:
        say(f"lost {exc}")
    _change(shutil.copyfile(path, folder / "copy.vosapp"), say)


def _change(copy, say):
    try:
        with open_project(copy) as project:
            rng = random.Random(1)
            for _ in range(5):
                attempt(lambda target: target.undo(), project)
                attempt(lambda target: target.do(random_edit(rng, target)), project)
            say("changed")
    except VosError as exc:
        say(f"unchanged {exc}")


def _of_whole_files(name):
    def run(folder, seed, say):
        # Imported before the fork; not where this file is only looked at.
        import whole_files

        getattr(whole_files, name)(folder, seed, say)

    return run


MODES = {
    "soak": soak,
    "export": _of_whole_files("export"),
    "migrate": _of_whole_files("migrate"),
    "export-disk": _of_whole_files("export_to_small_disks"),
    "new-disk": _of_whole_files("new_on_small_disks"),
    "hostile": hostile,
    "size": size_limited,
    "pages": page_limited,
    "disk": small_disk,
}


def log_lines(folder, mode, seed):
    """What a worker said, as (word, rest); a last line that was cut off is left out."""
    path = folder / f"log-{mode}-{seed}"
    text = path.read_text(encoding="utf-8") if path.exists() else ""
    whole = text[: text.rfind("\n") + 1].splitlines()
    return [(line.partition(" ")[0], line.partition(" ")[2]) for line in whole]


def child(mode, folder, seed):
    log = os.open(folder / f"log-{mode}-{seed}", os.O_WRONLY | os.O_CREAT | os.O_APPEND)

    def say(text):
        os.write(log, f"{text}\n".encode())

    try:
        MODES[mode](folder, int(seed), say)
    except BaseException:
        say(f"failed {traceback.format_exc()!r}")
        os._exit(1)
    os._exit(0)


def nursery():
    import whole_files  # noqa: F401

    for line in sys.stdin:
        mode, seed, folder = line.rstrip("\n").split(" ", 2)
        pid = os.fork()
        if not pid:
            child(mode, Path(folder), seed)
        os.write(1, f"{pid}\n".encode())
        os.write(1, f"{os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}\n".encode())


if __name__ == "__main__":
    nursery()
