"""What is known of each clip whose boxes were made dense: a file a clip, and tables of all.

OUT/records/CLIP.json is written last, so that a clip without one was not finished.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from core.data.dense_labels import DENSIFIED
from core.errors import OutputError
from core.media.atomic import write_atomic
from core.media.input_file import read_input_text
from core.text import encoded

RECORDS = "records"
MAX_BYTES = 16 << 20
"""A larger record is none of ours."""


@dataclass(frozen=True, slots=True)
class ObjectRecord:
    """What became of one object of a clip.

    Attributes:
        object_id, name: as in the table of boxes.
        boxes: how many were drawn.
        answered: mean overlap of these with the masks made of them, 0..1; None without boxes.
        carried: mean overlap with the tight boxes of masks that walks brought there; None without
            a walk.
        alike: mean overlap of these masks with those made of the boxes; None without any.
        kept, refused, absent: frames on which it has a mask, is void, or was not visible.
    """

    object_id: int
    name: str
    boxes: int
    answered: float | None
    carried: float | None
    alike: float | None
    kept: int
    refused: int
    absent: int


@dataclass(frozen=True, slots=True)
class ClipRecord:
    """A finished clip.

    Attributes:
        clip: name of its folder of label maps.
        video: name of the video's file.
        settings: all that the label maps depend on, as text; another one does the clip again.
        frames: indices of the labeled frames, in the video.
        seconds: that it took.
        objects: ascending by id.
    """

    clip: str
    video: str
    settings: str
    frames: tuple[int, ...]
    seconds: float
    objects: tuple[ObjectRecord, ...]


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums over clips, in frames of objects.

    Attributes:
        clips, objects, boxes: how many.
        kept, refused, absent: frames of objects, see `ObjectRecord`.
        carried: mean over the objects of their agreement; None without one.
        seconds: in all.
    """

    clips: int
    objects: int
    boxes: int
    kept: int
    refused: int
    absent: int
    carried: float | None
    seconds: float

    @property
    def refused_share(self) -> float:
        """Share of the visible frames of objects that is void, 0..1."""
        return self.refused / max(1, self.kept + self.refused)


def total(records: Sequence[ClipRecord]) -> Totals:
    """What some clips come to."""
    objects = [one for record in records for one in record.objects]
    carried = [one.carried for one in objects if one.carried is not None]
    return Totals(
        clips=len(records),
        objects=len(objects),
        boxes=sum(one.boxes for one in objects),
        kept=sum(one.kept for one in objects),
        refused=sum(one.refused for one in objects),
        absent=sum(one.absent for one in objects),
        carried=sum(carried) / len(carried) if carried else None,
        seconds=sum(record.seconds for record in records),
    )


def write_record(out: Path, record: ClipRecord) -> None:
    """Say that a clip is finished.

    Raises:
        OutputError: it cannot be written.
    """
    path = out / RECORDS / f"{record.clip}.json"
    write_atomic(path, json.dumps(asdict(record), indent=1).encode())


def read_record(out: Path, clip: str, *, settings: str) -> ClipRecord | None:
    """A clip that was finished with these settings; None where it has to be done."""
    try:
        text = read_input_text(out / RECORDS / f"{clip}.json", limit=MAX_BYTES)
        found = json.loads(text)
        objects = tuple(ObjectRecord(**one) for one in found.pop("objects"))
        record = ClipRecord(frames=tuple(found.pop("frames")), objects=objects, **found)
        total([record])  # its numbers are numbers
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return record if (record.clip, record.settings) == (clip, settings) else None


def remove_record(out: Path, clip: str) -> None:
    """Say that a clip is not finished, before the first of its files is written anew.

    Raises:
        OutputError: the record of an earlier run cannot be removed.
    """
    path = out / RECORDS / f"{clip}.json"
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise OutputError(f"{path} cannot be removed: {error.strerror}.") from error


def write_tables(out: Path, records: Sequence[ClipRecord], problems: Mapping[str, str]) -> None:
    """Write `densify.json` (all there is) and `report.csv` (a row an object).

    Raises:
        OutputError: they cannot be written.
    """
    document = to_dict(records, problems) | {"clips": [asdict(record) for record in records]}
    write_atomic(out / DENSIFIED, json.dumps(document, indent=1).encode())
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    columns = tuple(ObjectRecord.__slots__)
    writer.writerow(["clip", *columns])
    for record in records:
        for one in record.objects:
            writer.writerow([record.clip, *(_cell(getattr(one, name)) for name in columns)])
    write_atomic(out / "report.csv", encoded(text.getvalue()))


def to_dict(records: Sequence[ClipRecord], problems: Mapping[str, str]) -> dict[str, object]:
    """Totals, and the clips that could not be done with the reason."""
    found = total(records)
    told = [{"clip": clip, "message": message} for clip, message in problems.items()]
    return {"totals": asdict(found) | {"refused_share": found.refused_share}, "problems": told}


def _cell(value: object) -> object:
    return f"{value:.4f}" if isinstance(value, float) else "" if value is None else value
