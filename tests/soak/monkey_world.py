"""What the monkey finds: films, projects sound and otherwise, masks; and a machine that is slow."""

from __future__ import annotations

import importlib.util
import random
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from core.media.label_map import write_label_map
from core.media.video import open_video
from vosapp.jobs import runner
from vosapp.project.edit_masks import SetMask
from vosapp.project.edits import AddObject
from vosapp.project.opening import create_project, open_project
from vosapp.project.video_ref import video_ref

SLOWEST = 0.12
"""Seconds that a job may have to wait for its thread."""


def load_fakes():
    """The film and the trackers of the window's tests."""
    return _load("vosapp_fakes", "fakes.py")


def load_training():
    """Services of training that train nothing."""
    return _load("fake_training", "fake_training.py")


def _load(name, file):
    path = Path(__file__).parents[1] / "vosapp" / file
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True, slots=True)
class World:
    """Paths.

    Attributes:
        sound: projects and films that can be opened.
        odd: a damaged project, one whose film is gone, and what is no film at all.
        sources: what masks can be imported from.
        out: an empty folder for exports and copies.
    """

    sound: tuple[Path, ...]
    odd: tuple[Path, ...]
    sources: tuple[Path, ...]
    out: Path


def make_world(folder, fakes):
    """Fill a folder."""
    short = fakes.write_film(folder / "short", count=12)
    long = fakes.write_film(folder / "long", count=24)
    projects = [_project(folder / f"{film.name}.vosapp", film, fakes) for film in (short, long)]
    out = folder / "out"
    out.mkdir()
    return World((*projects, long), _odd(folder, projects[0], fakes), _sources(folder, fakes), out)


def _project(path, film, fakes):
    with open_video(film, cache_bytes=0) as video:
        create_project(path, video_ref(video.info, path)).close()
    with open_project(path) as project:
        for object_id in (1, 2):
            project.do(AddObject())
            project.do(SetMask(0, object_id, fakes.mask_of(0, object_id)))
    return path


def _odd(folder, sound, fakes):
    damaged, orphan, text = folder / "damaged.vosapp", folder / "orphan.vosapp", folder / "a.txt"
    data = bytearray(sound.read_bytes())
    data[len(data) // 2 :] = bytes(len(data) - len(data) // 2)
    damaged.write_bytes(data)
    text.write_text("no film")
    film = fakes.write_film(folder / "gone", count=4)
    _project(orphan, film, fakes)
    film.rename(folder / "elsewhere")
    return damaged, orphan, text


def _sources(folder, fakes):
    masks = folder / "masks"
    masks.mkdir()
    for index in (2, 5, 9):
        write_label_map(masks / f"{index:05d}.png", fakes.label_map_of(index))
    boxes = folder / "boxes.csv"
    boxes.write_text("frame,id,x,y,width,height\n3,1,5,5,20,20\n4,7,1,1,9,9\n")
    return masks, masks / "00005.png", boxes, folder / "a.txt"


def slow_down(seed):
    """Let jobs wait a moment for their thread, as on a busy machine: that is when dialogs go."""
    rng, drain = random.Random(seed), runner._Worker._drain

    def slowly(self, task):
        time.sleep(rng.random() * SLOWEST)
        return drain(self, task)

    runner._Worker._drain = slowly
