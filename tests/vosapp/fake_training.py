"""Services of training and models that train nothing: what runs do is what a test says.

They need no torch, no process and no second.
"""

from __future__ import annotations

import math
import threading
from dataclasses import replace

import numpy as np
from PIL import Image

from core.errors import UsageError
from core.jobs import Progress
from core.media.label_map import encode_label_map
from core.train.recipe import Option
from vosapp.services.models.values import Downloading, KnownModel, Model, Origin
from vosapp.services.training.preview import Sample
from vosapp.services.training.run_values import (
    Estimate,
    LossPoint,
    RecipeOffer,
    RunState,
    RunStatus,
    ScorePoint,
    View,
)
from vosapp.services.training.values import (
    Clip,
    ColorAnswer,
    Counted,
    Kind,
    Part,
    Reason,
    Source,
    Survey,
    Unusable,
)

OPTIONS = (
    Option("rate", float, "peak of the learning rate", 1e-3, refining=1e-4, least=1e-7, most=0.1),
    Option("batch", int, "clips of a step", 4, least=1, most=64),
    Option("bf16", bool, "in bfloat16", default=False),
)
OFFERS = (
    RecipeOffer(
        "box_supervised",
        "Memory network",
        "learns masks from boxes",
        {"lite": "small", "full": "large"},
        OPTIONS,
        needs_labels=True,
        stage="boxes",
        starts=("box_supervised-lite",),
    ),
    RecipeOffer(
        "self_supervised",
        "Self-supervised",
        "learns from raw footage",
        {"thin": "small"},
        OPTIONS[:1],
        needs_labels=False,
        stage="pairs",
        starts=("self_supervised-thin",),
    ),
)
KNOWN = KnownModel(
    "friend",
    "http://localhost/friend.safetensors",
    5_000_000,
    "",
    "MIT",
    "box_supervised",
    "a page",
)


class FakeTraining:
    """All services at once; attributes say what was asked of them.

    Attributes:
        statuses: by folder; a test changes them, as a process would.
        asked: (what, about what), in order.
        refuse: by the name of what is asked: an error that is raised instead.
        gate: where given, downloads and surveys wait for it.
        lively: runs go on by themselves, a little with each look, up to their end.
    """

    def __init__(self, data, *, lively=False):
        self.data, self.lively = data, lively
        self.statuses, self.asked, self.refuse = {}, [], {}
        self.held = False
        self.offered = OFFERS
        self.own, self.hashes = {}, {}
        self.gate = threading.Event()
        self.gate.set()
        self.color = ColorAnswer(True, "What looks alike is one object here.", 0.6, 0.97)

    def _ask(self, what, about=None):
        self.asked.append((what, about))
        if what in self.refuse:
            raise self.refuse[what]

    def sources_of(self, path):
        if path.suffix == ".vosapp":
            return (Source(path, Kind.PROJECT),)
        if path.suffix == ".txt":
            raise UsageError(f"{path.name} is nothing to learn from.", "Choose a project.")
        return (Source(path, Kind.VIDEOS),)

    def survey(self, sources, token):
        self._ask("survey", tuple(source.path.name for source in sources))
        yield Progress(0, 1, "reading projects")
        self.gate.wait()
        token.check()
        clips, unusable = [], []
        for place, source in enumerate(sources):
            if "bad" in source.path.name:
                text = "Its video film.mp4 is not where it was."
                hint = "Open the project, and show where the video is."
                unusable.append(Unusable(source.path, Reason.VIDEO_MISSING, text, hint))
                continue
            labels = source.kind is Kind.PROJECT
            part = Part.FOOTAGE if not labels else Part.HELD_OUT if place == 1 else Part.TRAIN
            masks = 0 if "unmasked" in source.path.name else 1
            counted = Counted(20, masks, 15, 2, 12.0, 90) if labels else Counted(seconds=30.0)
            clips.append(
                Clip(source.path.stem, source, source.path, counted, part, size=(64, 48),
                     frame_count=300)
            )  # fmt: skip
        return Survey(tuple(clips), tuple(unusable))

    def check_colors(self, survey, token):
        self._ask("colors")
        yield Progress(1, 1)
        return self.color

    def preview(self, request, survey, token):
        self._ask("preview", request)
        yield Progress(1, 1)
        frames = np.full((3, 32, 32, 3), 90, np.uint8)
        maps = np.zeros((3, 32, 32), np.uint8)
        maps[:, 8:16, 8:16] = 1
        boxes = np.tile(np.array([[[8.0, 8, 8, 8]]], np.float32), (3, 1, 1))
        return (Sample("first", frames, maps, boxes, np.array([True, False, False])),)

    def offers(self):
        return self.offered

    def devices(self):
        return ("auto", "cpu", "cuda")

    def usual_minutes(self, survey, device):
        return 25.0

    def estimate(self, request, survey):
        self._ask("estimate", request)
        seconds = 60 * request.minutes + 90
        warned = ("Only little memory is free.",) if request.minutes > 60 else ()
        return Estimate(
            "cpu", 30.0, seconds, 900, 800_000_000, 0, 2_000_000_000, 90_000_000, warned
        )

    # Runs

    def start(self, request):
        self._ask("start", request)
        folder = self.data / "training" / f"run-{len(self.statuses) + 1}"
        folder.mkdir(parents=True)
        title = request.title or folder.name
        self.statuses[folder] = RunStatus(folder, title, request, RunState.STARTING, "Starting.")
        return folder

    def change(self, folder=None, **values):
        """A run has gone on; None means the newest."""
        folder = folder or list(self.statuses)[-1]
        self.statuses[folder] = replace(self.statuses[folder], **values)
        return self.statuses[folder]

    def train(self, folder=None, *, steps=40, score=0.7):
        """A run has learned for a while, and was scored."""
        folder = folder or list(self.statuses)[-1]
        losses = tuple(
            LossPoint(n, 2.0 * n, {"projection": 1 / n, "pairwise": 0.5 + 1 / n})
            for n in range(1, steps + 1)
        )
        scores = (
            ScorePoint(0, 0.0, 0.4, 0.4, math.nan, True),
            ScorePoint(steps // 2, steps, score, score, math.nan, True),
            ScorePoint(steps, 2.0 * steps, score - 0.05, score - 0.05),
        )
        model = folder / "best.safetensors"
        model.write_bytes(b"weights")
        self._draw(folder)
        return self.change(
            folder, state=RunState.TRAINING, text="", step=steps, seconds=2.0 * steps,
            fraction=0.4, seconds_left=120.0, memory=500_000_000, losses=losses, scores=scores,
            model=model,
        )  # fmt: skip

    def _draw(self, folder):
        Image.fromarray(np.full((30, 40, 3), 120, np.uint8)).save(folder / "frame.png")
        for place, name in enumerate(("before", "now", "best", "truth")):
            labels = np.zeros((30, 40), np.uint8)
            labels[5:20, 5 + place : 20] = 1
            (folder / f"{name}.png").write_bytes(encode_label_map(labels))

    def _require(self, folder):
        if folder not in self.statuses:
            raise UsageError("There is no such run.", "Choose another one.")
        return self.statuses[folder]

    def resume(self, folder):
        self._ask("resume", folder.name)
        self.change(folder, state=RunState.STARTING, resumable=False)

    def pause(self, folder):
        self._ask("pause", folder.name)
        self.change(folder, state=RunState.PAUSED)

    def go_on(self, folder):
        self._ask("go on", folder.name)
        self.change(folder, state=RunState.TRAINING)

    def stop(self, folder):
        self._ask("stop", folder.name)
        self.change(folder, state=RunState.STOPPED, resumable=True, text="Stopped.")

    def discard(self, folder):
        self._ask("discard", folder.name)
        del self.statuses[folder]

    def hold(self):
        self._ask("hold")
        self.held = True
        for folder, status in self.statuses.items():
            if status.state is RunState.TRAINING:
                self.change(folder, state=RunState.HELD, holders=("propagation",))

    def release(self):
        self._ask("release")
        self.held = False
        for folder, status in self.statuses.items():
            if status.state is RunState.HELD:
                self.change(folder, state=RunState.TRAINING, holders=())

    def watch(self, folder):
        self._require(folder)
        fake = self

        class Watching:
            def status(self):
                status = fake._require(folder)
                if fake.lively and status.state is RunState.STARTING:
                    return fake.train(folder)
                if fake.lively and status.state is RunState.TRAINING:
                    return fake.change(folder, state=RunState.DONE, resumable=False, text="Done.")
                return status

            def views(self):
                return fake._views(folder)

            def log(self):
                return "reading the videos\nstep 1"

        return Watching()

    def runs(self):
        return tuple(reversed(self.statuses.values()))

    def _views(self, folder):
        if not (folder / "frame.png").exists():
            return ()
        files = [folder / f"{n}.png" for n in ("frame", "before", "now", "best", "truth")]
        step = self.statuses[folder].scores[-1].step if self.statuses[folder].scores else 0
        scores = {"before": 0.3, "now": 0.6, "best": 0.8}
        other = [files[0], *files[:0:-1]]
        return View(*files, "second", 7, step, scores), View(*other, "third", 9, step)

    def silence(self, status, now):
        return "Nothing was heard for 6 s." if status.text == "silent" else ""

    def keep(self, folder, name):
        self._ask("keep", name)
        if not name or name in self.own:
            raise UsageError(f"The name {name!r} is taken or none.", "Choose another one.")
        path = self.data / "models" / f"{name}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"weights")
        system = self.statuses[folder].request.system
        self.own[name] = Model(name, path, Origin.TRAINED, system, "lite", 7, added=1.0)
        return self.own[name]

    def compare(self, project, video, *, frame_index, models, device, token):
        self._ask("compare", (frame_index, models))
        yield Progress(1, 2)
        old, new = np.zeros((48, 64), np.uint8), np.zeros((48, 64), np.uint8)
        old[5:10, 5:10] = new[5:20, 5:20] = 1
        return old, new

    # Models

    def models(self):
        bundled = Model(
            "box_supervised-lite", self.data / "lite.safetensors", Origin.BUNDLED,
            "box_supervised", "lite", 9_000_000, scores={"J&F": 0.71},
        )  # fmt: skip
        return (bundled, *self.own.values())

    def remove_model(self, name):
        self._ask("remove", name)
        del self.own[name]

    def export_model(self, name, out):
        self._ask("export", (name, out))
        out.write_bytes(b"weights")
        return out

    def import_model(self, file, name):
        self._ask("import", (file, name))
        path = self.data / f"{name}.safetensors"
        self.own[name] = Model(name, path, Origin.IMPORTED, "box_supervised", "lite", 7, added=1.0)
        return self.own[name]

    def known_models(self):
        return (KNOWN,)

    def hash_remembered(self, address):
        return self.hashes.get(address, "")

    def download(self, address, name, *, token, sha256, license, known):
        self._ask("download", (address, name, sha256))
        yield Downloading(1_000_000, 5_000_000)
        while not self.gate.wait(0.02):
            token.check()
        token.check()
        path = self.data / f"{name}.safetensors"
        self.own[name] = Model(
            name, path, Origin.DOWNLOADED, "box_supervised", "lite", 5_000_000,
            known.license if known else license, address, sha256 or "ab" * 32, 1.0,
        )  # fmt: skip
        return self.own[name]
