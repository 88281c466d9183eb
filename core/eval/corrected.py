"""What the robot annotator comes to, as rows of a table: one for each corrected frame."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from dataclasses import dataclass

from core.engine.run import PeakMemory
from core.eval.benchmark_plan import BenchmarkRequest
from core.eval.interactive import InteractiveRequest, InteractiveRun, Pick, annotate
from core.eval.measuring import Found, told
from core.jobs import CancelToken, Progress


@dataclass(frozen=True, slots=True)
class Corrections:
    """One sequence, corrected frame by frame where the true J is worst (`core.eval.interactive`).

    Corrected frames do not count. A sequence with too few frames for all corrections keeps what
    the last possible one made.

    Attributes:
        keys: of the rows after 1, 2, ... corrected frames.
        request: names one sequence.
        length: frames of the sequence.
    """

    keys: tuple[Mapping[str, str], ...]
    request: BenchmarkRequest
    length: int

    @property
    def frames(self) -> int:
        """As progress is counted: as if each round walked through all of them."""
        return self.length * (1 + len(self.keys))

    def run(self, token: CancelToken) -> Generator[Progress | Found]:
        """Measure; yields its progress in frames, and what it found."""
        wanted = InteractiveRequest(self.request, len(self.keys), (Pick.TRUTH,))
        with PeakMemory() as peak:
            for item in annotate(wanted, token):
                if isinstance(item, Progress):
                    yield Progress(item.done * self.length, self.frames, item.text)
                else:
                    yield from self._rows(item, peak.bytes)

    def _rows(self, run: InteractiveRun, peak_bytes: int) -> Generator[Found]:
        rounds = run.rounds[Pick.TRUTH]
        for number, key in enumerate(self.keys, 1):
            done = min(number, len(rounds) - 1)
            figures = rounds[done]
            counts = {
                "objects": run.object_count,
                "frames": run.frame_count,
                "scored_frames": run.scored_count - done,
            }
            values = {
                "j_and_f": figures.open_j_and_f,
                "j": figures.open_j,
                "f": figures.open_f,
                "seconds_median": figures.seconds / max(1, figures.steps),
            }
            yield key, counts | told(values, peak_bytes)
