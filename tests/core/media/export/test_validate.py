"""What the validator says before an export."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from core.errors import MaskReadError
from core.jobs import Cancelled, CancelToken
from core.media.annotations.values import AnnotationSource, ObjectInfo
from core.media.export.davis import Davis2016, Davis2017
from core.media.export.formats import EXPORTERS, exporter_named
from core.media.export.validate import Severity, validate
from core.types import VOID


def texts(findings):
    return " | ".join(finding.text for finding in findings)


def clean(make_source):
    label_map = np.zeros((50, 64), np.uint8)
    label_map[:9] = 1
    label_map[9:20] = 2
    objects = (ObjectInfo.plain(1, name="a"), ObjectInfo.plain(2, name="b"))
    return make_source(count=3, size=(64, 50), maps=[label_map] * 3, objects=objects)


@pytest.mark.parametrize("exporter", EXPORTERS, ids=lambda e: e.name)
def test_a_clean_source_gives_no_finding(exporter, make_source):
    found = validate(clean(make_source), exporter)
    merged = "2 objects become one. DAVIS 2017 keeps them apart."
    assert texts(found) == (merged if exporter.name == "davis2016" else "")


def test_missing_frames(make_source):
    found = validate(make_source(missing=(1, 2, 4)), exporter_named("davis2017"))
    finding = next(f for f in found if "without a label map" in f.text)
    assert (finding.frame_index, finding.severity) == (1, Severity.WARNING)
    assert "1-2, 4" in finding.text
    nothing = validate(make_source(missing=range(6)), exporter_named("coco"))
    assert (nothing[0].severity, nothing[0].text) == (Severity.ERROR, "No frame has a label map.")


def test_large_ids(make_source):
    source = make_source(objects=(ObjectInfo.plain(1), ObjectInfo(300)))
    found = validate(source, exporter_named("davis2017"))
    finding = next(f for f in found if f.object_id == 300 and f.severity is Severity.ERROR)
    assert "MOTS" in finding.text


def test_void(make_source):
    label_map = np.full((49, 65), VOID, np.uint8)
    source = make_source(count=1, maps=[label_map], objects=())
    assert "becomes background" in texts(validate(source, Davis2017()))
    assert "refuse it" in texts(validate(source, Davis2017(void=True)))


def test_late_objects_are_sent_to_youtube_vos(make_source):
    source = make_source()
    for name in ("davis2017", "davis-zip"):
        found = validate(source, exporter_named(name))
        finding = next(f for f in found if "first appears" in f.text)
        assert (finding.frame_index, finding.object_id) == (2, 2)
        assert "Export as YouTube-VOS" in finding.text
    assert "first appears" not in texts(validate(source, exporter_named("youtube-vos")))


def test_more_than_20_proposals(make_source):
    label_map = (np.arange(49 * 65).reshape(49, 65) % 22).astype(np.uint8)
    objects = tuple(ObjectInfo.plain(i) for i in range(1, 22))
    source = make_source(count=1, maps=[label_map], objects=objects)
    assert "at most 20" in texts(validate(source, Davis2017(unsupervised=True)))
    assert "at most 20" not in texts(validate(source, Davis2017()))


def test_gaps_empty_objects_and_strangers(make_source):
    source = make_source(objects=(ObjectInfo.plain(1), ObjectInfo.plain(2), ObjectInfo.plain(9)))
    found = validate(source, exporter_named("davis2017"))
    assert "Ids have gaps: 3 objects, the last is 9" in texts(found)
    assert "object 9 has no pixel" in texts(found)
    stranger = next(f for f in found if "not in the list" in f.text)
    assert (stranger.object_id, stranger.severity) == (5, Severity.ERROR)
    assert found[0].severity is Severity.ERROR


def test_doubled_names(make_source):
    objects = tuple(ObjectInfo.plain(i, name="same") for i in (1, 2, 5))
    source = make_source(objects=objects)
    assert "More than one object is called 'same'" in texts(
        validate(source, exporter_named("cvat-video"))
    )
    assert "called 'same'" not in texts(validate(source, exporter_named("davis2017")))


def test_odd_sizes_for_videos(make_source):
    source = make_source()
    assert "65 x 49 is odd" in texts(validate(source, exporter_named("overlay")))
    assert "65 x 49 is odd" not in texts(validate(source, exporter_named("matte-prores")))
    assert "is odd" not in texts(validate(source, exporter_named("davis2017")))


def test_names_of_sequences_and_frames(make_source):
    source = make_source(stems=tuple(f"../{i}" for i in range(6)))
    source = replace(source, video=replace(source.video, path=source.video.path / "my film"))
    found = validate(source, exporter_named("davis2017"))
    assert "called 'my_film'" in texts(found)
    bad = [f for f in found if "cannot be the name of a file" in f.text]
    assert [f.frame_index for f in bad] == list(range(6))


def test_late_start_pictures_and_damage(make_source):
    source = make_source(frame_range=range(2, 5))
    assert "The first frame is 2" in texts(validate(source, Davis2016()))
    bare = AnnotationSource(source.video, source.objects, source.label_map)
    assert "pictures of the video are needed" in texts(validate(bare, exporter_named("overlay")))

    def broken(index):
        raise MaskReadError(f"Frame {index} is damaged.")

    found = validate(replace(source, label_map=broken), exporter_named("coco"))
    assert (found[0].frame_index, found[0].text) == (2, "Frame 2 is damaged.")
    small = make_source(count=1, maps=[np.zeros((2, 3), np.uint8)])
    assert "3 x 2 pixels, not 65 x 49" in texts(validate(small, exporter_named("coco")))


def test_validation_can_be_cancelled(make_source):
    token = CancelToken()
    token.cancel()
    with pytest.raises(Cancelled):
        validate(make_source(), exporter_named("coco"), token=token)
