"""Sparse boxes made dense: many clips to a DAVIS tree of label maps, clip by clip.

OUT/Annotations/480p/CLIP/00004.png   label maps, from the first to the last labeled frame
OUT/JPEGImages/480p/CLIP/00004.jpg    the frames, where they are asked for
OUT/records/CLIP.json                 of finished clips
OUT/densify.json, OUT/report.csv      all of them
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from core.device import choose_device
from core.engine.densify.plan import DensifyRequest, plan_clips
from core.engine.densify.records import RECORDS, ClipRecord, read_record, write_tables
from core.engine.densify.write import ClipJob
from core.engine.registry import system_spec
from core.errors import AnnotationReadError, PromptError, VideoDecodeError, VideoOpenError
from core.jobs import CancelToken, Job, Progress
from core.media.atomic import made_folder
from core.prompts.request import FeatureReader
from core.tracking.contract import TrackerRequest
from core.tracking.spec import load

OF_A_CLIP = (AnnotationReadError, PromptError, VideoDecodeError, VideoOpenError)
"""What is wrong with one clip; the others go on."""


@dataclass(frozen=True, slots=True)
class Densified:
    """Outcome.

    Attributes:
        records: of all clips that are finished, also before.
        resumed: how many of them were.
        problems: clips that could not be done, and why.
    """

    records: tuple[ClipRecord, ...]
    resumed: int
    problems: Mapping[str, str]


def densify(request: DensifyRequest, token: CancelToken) -> Job[Densified]:
    """Make label maps of the boxes of all clips; those that are finished are not done again.

    Yields:
        A `Progress`, in walked frames of all clips, and a warning for each clip that fails.

    Raises:
        DatasetError: videos of clips are missing, or two have one name.
        AnnotationReadError: rows are missing (`require_complete`).
        OutputError: the tree cannot be written.
        VosError: of the kinds that `build_tracker` names.
        Cancelled: by the token; finished clips are kept.
    """
    clips = plan_clips(request)
    for name in (RECORDS, "Annotations/480p"):
        made_folder(request.out / name)
    records = {c.name: read_record(request.out, c.name, settings=c.settings) for c in clips}
    resumed = sum(record is not None for record in records.values())
    whole, problems = sum(len(clip.frames) for clip in clips), dict[str, str]()
    done = sum(len(clip.frames) for clip in clips if records[clip.name] is not None)
    describe = feature_reader(request.tracker)
    for clip in (clip for clip in clips if records[clip.name] is None):
        yield Progress(done, whole, clip.name)
        try:
            for item in (job := ClipJob(request, clip, describe)).go(token):
                yield replace(item, done=done + item.done, total=whole)
            records[clip.name] = job.record
        except OF_A_CLIP as error:
            problems[clip.name] = str(error)
            yield Progress(done, whole, f"{clip.name} is left out: {error}", warning=True)
        done += len(clip.frames)
        write_tables(request.out, _finished(records), problems)
    yield Progress(done, whole, "done")
    write_tables(request.out, _finished(records), problems)
    return Densified(_finished(records), resumed, problems)


def _finished(records: Mapping[str, ClipRecord | None]) -> tuple[ClipRecord, ...]:
    return tuple(record for record in records.values() if record is not None)


def feature_reader(tracker: TrackerRequest) -> FeatureReader | None:
    """What reads features of frames for prompts; None for a system without."""
    features = system_spec(tracker.system).features
    if not features or tracker.weights is None:
        return None
    reader: FeatureReader = load(features)(tracker.weights, choose_device(tracker.device))
    return reader
