"""Hostile and damaged projects: a clear error or a salvage, no crash, no write to the original."""

from __future__ import annotations

import os
import random

import pytest

CASES = 500 if os.environ.get("VOSAPP_SOAK") else 60


@pytest.fixture(scope="module")
def sound(tmp_path_factory, worker):
    """A sound project with some of everything in it."""
    path = tmp_path_factory.mktemp("sound") / "p.vosapp"
    rng = random.Random(3)
    with worker.create_project(path, worker.video_ref()) as project:
        worker.begin(project)
        project.set_setting("view", {"zoom": 2})
        data = bytes(range(256)) * 80
        score = worker.tuned.KeyframeScore(3, 5, 0.5, 0.75)
        info = worker.tuned.TunedInfo(
            "base", worker.tuned.digest_of(data), "thin", 9, 1.5, 0.1, 0, 4, 0, 9, (score,)
        )
        project.put_tuned(info, data, use=True)
        for _ in range(150):
            worker.attempt(worker.operation(rng, project), project)
        one = project.objects()[0].object_id
        project.do(worker.edits.LockObject(one, False))
        corners = ((1, 2, 1), (3, 4, 1))
        prompt = worker.Prompt(3, one, worker.PromptKind.BOX, corners)
        project.do(worker.edits.AddPrompt(prompt))
        label = worker.edit_boxes.BoxLabel(3, one, 1.0, 2.0, 2.0, 2.0)
        project.do(worker.edit_boxes.PutBox(label))
        assert project.counts()[2] and project.keyframe_indices()
    return path.read_bytes()


def test_the_sound_project_passes(nursery, worker, tmp_path, sound):
    assert run(nursery, worker, tmp_path, sound, 0) == ["read []", "saved", "changed"]


@pytest.mark.parametrize("chunk", range(10))
def test_hostile_files(nursery, worker, hostile, tmp_path, sound, chunk):
    for number in range(chunk, CASES, 10):
        folder = tmp_path / str(number)
        folder.mkdir()
        run(nursery, worker, folder, hostile.hostile_file(sound, number), number)


def run(nursery, worker, folder, data, number):
    path = folder / "h.vosapp"
    path.write_bytes(data)
    nursery.start("hostile", number, folder)
    status = nursery.wait()
    lines = worker.log_lines(folder, "hostile", number)
    assert status == 0, (number, lines)
    assert path.read_bytes() == data
    left = {file.name for file in folder.iterdir()} - {f"log-hostile-{number}"}
    assert left <= {"h.vosapp", "saved.vosapp", "copy.vosapp"}, left
    return [f"{word} {rest}" if word == "read" else word for word, rest in lines[:-1]] + [
        lines[-1][0]
    ]
