"""Everything that belongs to one open project, made and closed together."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QObject

from vosapp.jobs.owners import retire
from vosapp.jobs.propagation import Engine
from vosapp.project.store import Project
from vosapp.session.discovery import DiscoveryControl
from vosapp.session.display import CACHE_BYTES
from vosapp.session.finetune import FinetuneControl
from vosapp.session.playback import Playback
from vosapp.session.prompting import FeatureReader, PromptControl
from vosapp.session.propagation import PropagationControl
from vosapp.session.review import ReviewControl
from vosapp.session.session import Session
from vosapp.session.thumbnails import ThumbnailLoader
from vosapp.session.work import WorkControl


class Workspace(QObject):
    """An open project with all its controls.

    Args:
        project: open; it is closed with the workspace.
        video: where its frames are.
        engine: computes propagations, tunes weights; tests give one with a tracker of their own.
        features: of a frame, for prompts; None goes without.
        cache_bytes: budget of decoded frames for showing.
    """

    def __init__(
        self,
        project: Project,
        video: Path,
        engine: Engine | None = None,
        features: FeatureReader | None = None,
        parent: QObject | None = None,
        *,
        cache_bytes: int = CACHE_BYTES,
    ) -> None:
        super().__init__(parent)
        self.session = Session(project, video, self, cache_bytes=cache_bytes)
        self.playback = Playback(self.session, self)
        engine = engine or Engine()
        self.propagation = PropagationControl(self.session, engine, self)
        self.finetuning = FinetuneControl(self.session, self.propagation, engine, self)
        self.discovery = DiscoveryControl(self.session, engine, self)
        self.prompting = PromptControl(self.session, features, self)
        self.review = ReviewControl(self.session, self)
        self.thumbnails = ThumbnailLoader(video, self)
        self.session.frameIndexChanged.connect(self.thumbnails.hold)

    @property
    def engine_works(self) -> tuple[WorkControl, ...]:
        """What the engine's thread computes: one at a time, others wait for it."""
        return self.propagation, self.finetuning, self.discovery

    @property
    def busy(self) -> bool:
        """True while the engine computes something for this project, or is to."""
        return any(work.running for work in self.engine_works)

    def stop_works(self) -> None:
        """Ask all that the engine computes to stop."""
        for work in self.engine_works:
            work.stop()

    def close(self) -> None:
        """Stop everything; what was asked for is on the disk when this returns."""
        self.playback.stop()
        self.review.forget()
        self.prompting.finish()
        self.thumbnails.close()
        self.session.close()
        retire(self)
