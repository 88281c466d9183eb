"""Errors, bugs, settings, export and import."""

from __future__ import annotations

import inspect
import sys
import threading

import numpy as np
import pytest
from PIL import Image
from PySide6.QtCore import QtMsgType
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QCheckBox, QComboBox, QSpinBox
from vosapp_fakes import label_map_of, works, write_film

from core import errors as kinds
from core.media.export.davis import Davis2017
from core.media.export.formats import EXPORTERS
from core.media.label_map import read_label_map, write_label_map
from vosapp.app import Crashes, Hooks, log_qt_message
from vosapp.project.model import Change
from vosapp.services import export as export_plan
from vosapp.session import exporting, importing
from vosapp.ui import errors
from vosapp.ui.dialogs.crash import CrashDialog
from vosapp.ui.dialogs.export import CURRENT, ExportDialog
from vosapp.ui.dialogs.importing import ImportDialog
from vosapp.ui.dialogs.settings import SettingsDialog
from vosapp.ui.settings import BY_KEY, SETTINGS, Settings


def codes():
    members = vars(kinds).values()
    return {m.code for m in members if inspect.isclass(m) and issubclass(m, kinds.VosError)}


def test_every_kind_of_error_has_a_title():
    assert set(errors.TITLES) == codes()
    error = kinds.MaskReadError("No mask.", "Choose another.")
    assert (errors.title(error), errors.text(error)) == (
        "The mask cannot be read",
        "No mask. Choose another.",
    )


# Bugs


def test_hooks_tell_bugs_from_errors(qtbot):
    hooks, crashes, failures = Hooks(), [], []
    hooks.crashed.connect(crashes.append)
    hooks.failed.connect(failures.append)
    before = (sys.excepthook, threading.excepthook, sys.unraisablehook)
    hooks.install()
    try:
        for error in (ValueError("a bug"), kinds.OutputError("no disk")):
            sys.excepthook(type(error), error, None)
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        thread.join()
        qtbot.waitUntil(lambda: len(crashes) == 2)
    finally:
        hooks.remove()
    assert "ValueError: a bug" in crashes[0] and "ZeroDivisionError" in crashes[1]
    assert [error.message for error in failures] == ["no disk"]
    assert (sys.excepthook, threading.excepthook, sys.unraisablehook) == before


def test_messages_of_qt_are_logged(caplog):
    with caplog.at_level("DEBUG"):
        log_qt_message(QtMsgType.QtCriticalMsg, None, "broken")
        log_qt_message(QtMsgType.QtWarningMsg, None, "This plugin does not support raise()")
    assert (caplog.records[0].levelname, caplog.records[0].message) == ("ERROR", "broken")
    assert caplog.records[1].levelname == "DEBUG"


def test_a_bug_shows_a_report_that_can_be_copied(shell, dialog):
    crashes = Crashes(shell)
    crashes.show("Traceback: first")
    crashes.show("Traceback: second")
    shown = dialog(CrashDialog)
    text = shown.report.toPlainText()
    assert "first" in text and "second" in text and "PySide6" in text
    shown.copy_button.click()
    assert QGuiApplication.clipboard().text() == text
    shown.reject()
    crashes.show("Traceback: third")
    again = dialog(CrashDialog)
    assert "first" not in again.report.toPlainText()
    again.reject()


# Settings


def test_each_setting_has_an_editor_that_works(tmp_path, qtbot):
    settings = Settings(tmp_path / "settings.json")
    dialog = SettingsDialog(settings)
    qtbot.addWidget(dialog)
    assert set(dialog.editors) == set(BY_KEY)
    theme, restore = dialog.editors["theme"], dialog.editors["restore"]
    limit = dialog.editors["kept-mb"]
    assert isinstance(theme, QComboBox) and isinstance(restore, QCheckBox)
    assert isinstance(limit, QSpinBox)
    theme.setCurrentIndex(theme.findData("dark"))
    theme.activated.emit(theme.currentIndex())
    restore.click()
    limit.setValue(5)
    again = Settings(tmp_path / "settings.json")
    assert again.text("theme") == "dark" and again.flag("restore")
    assert again.number("kept-mb") == 5
    dialog._reset()
    fresh = Settings(tmp_path / "settings.json")
    assert all(fresh.value(one.key) == one.default for one in SETTINGS)
    for editor in dialog.editors.values():
        assert editor.toolTip() and editor.accessibleName()


@pytest.mark.parametrize("text", ["", "[]", '{"theme": "pink", "threads": "two", "cache-mb": 1}'])
def test_stored_nonsense_means_the_default(tmp_path, text):
    (tmp_path / "settings.json").write_text(text)
    settings = Settings(tmp_path / "settings.json")
    assert all(settings.value(one.key) == one.default for one in SETTINGS)


def test_a_value_that_makes_no_sense_is_a_bug(tmp_path):
    settings = Settings(tmp_path / "settings.json")
    with pytest.raises(ValueError, match="no value"):
        settings.set_value("theme", "pink")
    with pytest.raises(ValueError, match="no value"):
        settings.set_value("threads", True)


# Export


@pytest.fixture
def export(desk, qtbot, tmp_path, monkeypatch):
    monkeypatch.setattr("vosapp.ui.dialogs.export.PATIENCE_MS", 0)
    dialog = ExportDialog(desk.workspace, desk.window)
    dialog.folder.setText(str(tmp_path / "out"))
    dialog.show()
    yield dialog
    dialog.close()


def looked(dialog, qtbot):
    qtbot.waitUntil(lambda: not works(dialog) and not dialog._timer.isActive())


def test_every_format_says_what_it_is_for():
    assert set(export_plan.DESCRIPTIONS) == {one.name for one in EXPORTERS}
    assert len(exporting.formats()) == len(EXPORTERS)


def test_every_option_belongs_to_a_format():
    having = {option for one in EXPORTERS for option in export_plan.options_of(one)}
    assert having == set(export_plan.OPTIONS)
    changed = export_plan.with_values(Davis2017(), {"void": True})
    assert changed == Davis2017(void=True)
    with pytest.raises(kinds.UsageError):
        export_plan.with_values(Davis2017(), {"crop": True})


def test_problems_are_shown_with_links_to_their_frames(export, qtbot, desk):
    export.frameWanted.connect(desk.workspace.session.go_to)
    looked(export, qtbot)
    tree = export.findings
    links = [tree.topLevelItem(n) for n in range(tree.topLevelItemCount())]
    linked = [item for item in links if item.text(1)]
    assert linked and linked[0].text(1) == "frame 1"
    tree.itemClicked.emit(linked[0], 1)
    assert desk.workspace.session.frame_index == 1
    assert export.export_button.isEnabled()
    assert "1-23" in export.state.text()


def test_one_frame_is_exported(export, qtbot, desk, tmp_path):
    export.choose_frames(CURRENT)
    looked(export, qtbot)
    export.export_button.click()
    qtbot.waitUntil(export.show_button.isVisible)
    (mask,) = (tmp_path / "out").glob("Annotations/**/*.png")
    assert np.array_equal(read_label_map(mask).label_map, label_map_of(0))
    assert "Wrote" in export.state.text()


def test_an_edit_meanwhile_does_not_stop_an_export(export, qtbot, desk, tmp_path):
    export.choose_frames(CURRENT)
    looked(export, qtbot)
    export.export_button.click()
    assert not export.formats.isEnabled()
    desk.workspace.session.edited.emit(Change("Anything"))
    qtbot.waitUntil(export.show_button.isVisible)
    assert export.formats.isEnabled() and len(list((tmp_path / "out").rglob("*.png"))) == 1


def test_options_and_objects_are_heeded(export, qtbot, tmp_path):
    export.choose_frames(CURRENT)
    export.choose_format("davis2017")
    export.options.editors["images"].setChecked(False)
    export.options.editors["split"].setText("mine")
    export.objects.item(0).setCheckState(export.objects.item(0).checkState().Unchecked)
    looked(export, qtbot)
    export.export_button.click()
    qtbot.waitUntil(export.show_button.isVisible)
    assert (tmp_path / "out" / "ImageSets" / "2017" / "mine.txt").is_file()
    assert not (tmp_path / "out" / "JPEGImages").exists()
    (mask,) = (tmp_path / "out").glob("Annotations/**/*.png")
    assert set(np.unique(read_label_map(mask).label_map)) == {0, 2}


def test_nothing_chosen_cannot_be_exported(export, qtbot):
    for row in range(export.objects.count()):
        export.objects.item(row).setCheckState(export.objects.item(row).checkState().Unchecked)
    looked(export, qtbot)
    assert not export.export_button.isEnabled() and "at least one" in export.state.text()


def test_without_any_mask_there_is_nothing_to_export(export, qtbot, desk):
    desk.workspace.session.go_to(9)
    dialog = ExportDialog(desk.workspace, desk.window)
    dialog.choose_frames(CURRENT)
    dialog.show()
    looked(dialog, qtbot)
    assert not dialog.export_button.isEnabled() and "Propagate" in dialog.state.text()
    dialog.close()


def test_every_format_can_be_looked_at(export, qtbot):
    export.choose_frames(CURRENT)
    for one in EXPORTERS:
        export.choose_format(one.name)
        looked(export, qtbot)
        assert export.export_button.isEnabled(), (one.name, export.state.text())
        assert export.export_button.text() == "Export", (one.name, export.state.text())
        assert "stumble" not in export.state.text(), one.name


def test_a_format_with_pictures_says_when_there_are_none(export, qtbot, desk, film, tmp_path):
    desk.workspace.session.video_path = tmp_path / "gone"
    export.choose_frames(CURRENT)
    export.choose_format("overlay")
    looked(export, qtbot)
    assert not export.export_button.isEnabled() and "gone" in export.state.text()


def test_a_folder_that_cannot_be_written_is_told(export, qtbot, tmp_path):
    (tmp_path / "file").write_text("")
    export.folder.setText(str(tmp_path / "file"))
    export.choose_frames(CURRENT)
    looked(export, qtbot)
    export.export_button.click()
    looked(export, qtbot)
    assert "Cannot write" in export.state.text() and not export.show_button.isVisible()


def test_the_dialog_goes_with_its_project(desk, dialog):
    desk.actions.run("file.export-frame")
    shown = dialog(ExportDialog)
    assert shown.frames.currentIndex() == CURRENT
    desk.actions.run("file.close")
    assert desk.workspace is None


# Import


@pytest.fixture
def masks(tmp_path):
    folder = tmp_path / "masks"
    folder.mkdir()
    for index in (0, 5):
        write_label_map(folder / f"{index:05d}.png", label_map_of(index))
    return folder


@pytest.fixture
def importer(desk, masks):
    dialog = ImportDialog(desk.workspace, desk.window)
    dialog.show()
    dialog.path.setText(str(masks))
    yield dialog
    dialog.close()


def settled(dialog, qtbot):
    qtbot.waitUntil(lambda: not works(dialog))


def test_import_formats_are_described():
    assert all(one.text and one.title for one in importing.formats())


def test_masks_are_imported_and_mine_stay(importer, qtbot, desk):
    importer.read()
    settled(importer, qtbot)
    assert "2 objects, 2 labeled frames" in importer.state.text()
    assert not importer.overwrite.isChecked()
    with qtbot.waitSignal(desk.workspace.session.edited):
        importer.import_button.click()
    settled(importer, qtbot)
    assert "Imported 1 keyframe" in importer.state.text()
    assert "On 1 frame what was drawn" in importer.notes.toPlainText()
    assert desk.workspace.session.lane(1).states[5] == 4
    with qtbot.waitSignal(desk.workspace.session.edited):
        desk.actions.run("edit.undo")
    assert desk.workspace.session.lane(1).states[5] == 0


def test_labels_can_become_other_objects(importer, qtbot, desk):
    importer.read()
    settled(importer, qtbot)
    rows = {importer.mapping.item(r, 0).text(): r for r in range(importer.mapping.rowCount())}
    row = next(r for label, r in rows.items() if "2" in label)
    spin = importer.mapping.cellWidget(row, 1)
    spin.setValue(0)
    spin.editingFinished.emit()
    settled(importer, qtbot)
    assert "1 object, " in importer.state.text()


def test_what_cannot_be_read_is_told(importer, qtbot, tmp_path):
    Image.new("L", (8, 8)).save(tmp_path / "wrong.png")
    importer.path.setText(str(tmp_path / "wrong.png"))
    importer._read_anew()
    settled(importer, qtbot)
    assert not importer.import_button.isEnabled() and importer.state.text()
    importer.path.setText(str(write_film(tmp_path / "pictures", count=2)))
    importer._read_anew()
    settled(importer, qtbot)
    assert importer.state.text()
