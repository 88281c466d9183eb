"""Options of imports in the dialog, and left-over files in that of exports."""

from __future__ import annotations

import numpy as np
import pytest
from vosapp_fakes import label_map_of, works

from core.media.annotations.options import IMPORT_OPTIONS, OPEN, ImportOptions
from core.media.label_map import write_label_map
from vosapp.ui.dialogs.export import ExportDialog
from vosapp.ui.dialogs.importing import ImportDialog


def settled(dialog, qtbot):
    qtbot.waitUntil(lambda: not works(dialog))


def typed(editor, text):
    editor.setText(text)
    editor.editingFinished.emit()


@pytest.fixture
def importer(desk, tmp_path):
    for index in (1, 3, 5):
        label_map = np.zeros_like(label_map_of(index))
        label_map[2:9, 2:9] = 7 * (index != 3)
        path = tmp_path / "masks" / f"frame_{index:04d}.png"
        path.parent.mkdir(exist_ok=True)
        write_label_map(path, label_map)
    dialog = ImportDialog(desk.workspace, desk.window)
    dialog.show()
    dialog.path.setText(str(tmp_path / "masks"))
    yield dialog
    dialog.close()


def test_the_dialog_has_every_option_of_the_table(importer):
    assert list(importer.options.editors) == [option.field for option in IMPORT_OPTIONS]
    assert importer.options.options() == ImportOptions()
    for option in IMPORT_OPTIONS:
        assert option.flag in importer.options.editors[option.field].toolTip()


def test_options_are_read_anew_and_told_in_the_notes(importer, qtbot):
    importer.read()
    settled(importer, qtbot)
    assert "the numbers in their names and in those of the frames" in importer.notes.toPlainText()
    typed(importer.options.editors["first_frame"], "one")
    assert "no frame number" in importer.state.text()
    typed(importer.options.editors["first_frame"], "1")
    settled(importer, qtbot)
    assert "3 labeled frames" in importer.state.text()
    notes = importer.notes.toPlainText()
    assert "counted from 1 as was said" in notes and "--unlabelled open" in notes
    box = importer.options.editors["unlabelled"]
    box.setCurrentIndex(box.findData(OPEN))
    box.activated.emit(1)
    settled(importer, qtbot)
    assert "2 labeled frames" in importer.state.text()
    assert "left open, to be propagated" in importer.notes.toPlainText()


def test_a_field_that_is_left_reads_nothing_anew(importer, qtbot):
    typed(importer.options.editors["first_frame"], "1")
    settled(importer, qtbot)
    found = importer._found
    importer.options.editors["first_frame"].editingFinished.emit()
    assert not works(importer) and importer._found is found


def test_boxes_become_masks(importer, desk, qtbot, tmp_path):
    (tmp_path / "boxes.csv").write_text("frame,id,left,top,width,height\n2,9,4,4,20,16\n")
    names = [one.name for one in importer._formats]
    importer.format.setCurrentIndex(names.index("boxes"))
    importer.path.setText(str(tmp_path / "boxes.csv"))
    importer.options.editors["boxes_to_masks"].setChecked(True)
    settled(importer, qtbot)
    with qtbot.waitSignal(desk.workspace.session.edited):
        importer.import_button.click()
    settled(importer, qtbot)
    assert "Imported 1 keyframe" in importer.state.text()


def test_left_over_files_are_shown_before_they_are_removed(desk, qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr("vosapp.ui.dialogs.export.PATIENCE_MS", 0)
    dialog = ExportDialog(desk.workspace, desk.window)
    dialog.folder.setText(str(tmp_path / "out"))
    dialog.show()
    dialog.choose_format("masks")

    def looked():
        qtbot.waitUntil(lambda: not works(dialog) and not dialog._timer.isActive())

    looked()
    dialog.export_button.click()
    looked()
    (written, *_) = sorted((tmp_path / "out").rglob("*.png"))
    stale = written.with_stem("00777")
    stale.write_bytes(written.read_bytes())
    dialog._changed()
    looked()
    assert "1 file of an earlier export" in dialog.state.text()
    assert dialog.export_button.text() == "Remove Older Files and Export"
    later = written.with_stem("00778")
    later.write_bytes(written.read_bytes())
    dialog.export_button.click()
    looked()
    assert "--force" in dialog.state.text() and later.exists() and stale.exists()
    dialog._changed()
    looked()
    dialog.export_button.click()
    looked()
    assert not stale.exists() and not later.exists() and written.exists()
    assert "2 files of an earlier export removed" in dialog.state.text()
    dialog.close()
