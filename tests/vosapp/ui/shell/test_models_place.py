"""The Models place, with services that train nothing."""

from __future__ import annotations

import pytest
from fake_training import FakeTraining
from PySide6.QtCore import QMimeData, QPoint, QPointF, Qt, QUrl
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QTextDocument, QTextTable
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QFileDialog, QInputDialog

from core.errors import CheckpointMismatch
from vosapp.services.models.values import Model, Origin
from vosapp.ui.drop_veil import DropVeil
from vosapp.ui.models.card import drop_empty_heads
from vosapp.ui.models.download import DownloadDialog

LEFT = Qt.MouseButton.LeftButton


@pytest.fixture
def services(places):
    made = FakeTraining(places.data)
    path = places.data / "mine.safetensors"
    made.own["mine"] = Model("mine", path, Origin.TRAINED, "box_supervised", "lite", 7, added=1.0)
    return made


@pytest.fixture
def shell(make_shell, services):
    return make_shell(services=services)


@pytest.fixture
def models(shell, qtbot):
    """The page of the Models place, which is shown."""
    shell.actions.run("place.models")
    page = shell.window.stack.currentWidget()
    qtbot.waitUntil(lambda: page.list.topLevelItemCount() == 2)
    page.shell = shell
    return page


def click(button):
    assert button.isVisible() and button.isEnabled(), button.text()
    QTest.mouseClick(button, LEFT)


def names(page):
    return [page.list.topLevelItem(row).text(0) for row in range(page.list.topLevelItemCount())]


def test_all_weights_are_listed_with_what_is_known(models):
    row = [models.list.topLevelItem(0).text(column) for column in range(6)]
    assert row == [
        "box_supervised-lite",
        "Bundled",
        "box_supervised",
        "lite",
        "9 MB",
        "0.710 (J&F)",
    ]
    assert names(models) == ["box_supervised-lite", "mine"]
    models.choose("mine")
    assert "not computed yet" in models.card.toPlainText()
    models.choose("box_supervised-lite")
    assert "SHA-256" not in models.card.toPlainText()
    assert not models.delete_button.isEnabled() and models.export_button.isEnabled()


def test_a_card_is_shown(models, services, qtbot, places):
    places.data.mkdir(exist_ok=True, parents=True)
    card = places.data / "card.md"
    card.write_text("# What it learned\n\nFrom *nothing*.")
    services.own["carded"] = Model("carded", card, Origin.TRAINED, "box_supervised", card=card)
    models._hub.models.look()
    qtbot.waitUntil(lambda: len(names(models)) == 3)
    models.choose("carded")
    qtbot.waitUntil(lambda: "From nothing." in models.card.toPlainText())
    assert "box_supervised" in models.card.toPlainText()
    card.write_text("# carded\n\nWithout its name.")
    models.choose("mine")
    models.choose("carded")
    qtbot.waitUntil(lambda: "Without its name." in models.card.toPlainText())
    assert "carded" not in models.card.toPlainText().partition("Without")[0]


@pytest.mark.parametrize(("head", "rows"), [("| | |", 2), ("| what | it |", 3)])
def test_tables_of_cards_have_no_empty_rows(qapp, head, rows):
    document = QTextDocument()
    document.setMarkdown(f"A card.\n\n{head}\n|---|---|\n| file | a |\n| size | 2 MB |\n")
    drop_empty_heads(document)
    (table,) = [one for one in document.rootFrame().childFrames() if isinstance(one, QTextTable)]
    assert table.rows() == rows and "file" in document.toPlainText()


def test_names_and_facts_of_strangers_are_shown_as_they_are(models, services, qtbot, tmp_path):
    services.own["odd"] = Model(
        "odd", tmp_path / "x", Origin.IMPORTED, "box_supervised", license="<img src=x>\u202eevil"
    )
    models._hub.models.look()
    qtbot.waitUntil(lambda: len(names(models)) == 3)
    models.choose("odd")
    assert "<img src=x>" in models.card.toPlainText()
    assert "\u202e" not in models.card.toPlainText()


def test_a_file_that_cannot_be_used_says_why(models, services, qtbot, tmp_path):
    services.own["bad"] = Model("bad", tmp_path / "x", Origin.IMPORTED, problem="It is damaged.")
    models._hub.models.look()
    qtbot.waitUntil(lambda: len(names(models)) == 3)
    models.choose("bad")
    assert "It is damaged." in models.card.toPlainText() and not models.use_button.isEnabled()
    assert not models.list.topLevelItem(2).icon(0).isNull()


def test_a_file_is_imported_under_a_name(models, services, qtbot, dialog, tmp_path):
    file = tmp_path / "theirs.pth"
    file.write_bytes(b"x")
    click(models.import_button)
    dialog(QFileDialog).fileSelected.emit(str(file))
    asked = dialog(QInputDialog)
    assert asked.textValue() == "theirs"
    asked.textValueSelected.emit("friends")
    asked.reject()
    qtbot.waitUntil(lambda: "friends" in names(models))
    assert ("import", (file, "friends")) in services.asked
    assert "can be used" in models.strip.state.text()


def test_a_file_is_dropped(models, services, qtbot, dialog, tmp_path):
    mime = QMimeData()
    mime.setUrls([QUrl.fromLocalFile(str(tmp_path / "theirs.pth"))])
    where = (Qt.DropAction.CopyAction, mime, LEFT, Qt.KeyboardModifier.NoModifier)
    QApplication.sendEvent(models, QDragEnterEvent(QPoint(9, 9), *where))
    assert models.findChild(DropVeil).isVisible()
    QApplication.sendEvent(models, QDropEvent(QPointF(9, 9), *where))
    assert not models.findChild(DropVeil).isVisible()
    asked = dialog(QInputDialog)
    assert asked.textValue() == "theirs"
    asked.reject()


def test_a_hostile_file_is_refused_with_a_clear_message(models, services, qtbot, tmp_path):
    def refuse(file, name):
        raise CheckpointMismatch(f"{file.name} is no safetensors file.", "Use another one.")

    services.import_model = refuse
    models._hub.models.import_file(tmp_path / "evil.pth", "evil")
    qtbot.waitUntil(lambda: "evil.pth is no safetensors file" in models.strip.state.text())
    assert models.strip.state.property("tone") == "danger" and len(names(models)) == 2


def test_a_model_is_used_in_the_open_project(
    shell, models, qtbot, services, drawn_project, open_in
):
    assert not models.use_button.isEnabled()
    workspace = open_in(shell, drawn_project)
    before = workspace.propagation.choice
    shell.actions.run("place.models")
    models.choose("mine")
    click(models.use_button)
    assert workspace.propagation.choice.weights == services.own["mine"].path
    assert models.used.isVisible() and not models.delete_button.isEnabled()
    click(models.off_button)
    assert workspace.propagation.choice == before and models.delete_button.isEnabled()


def test_a_model_is_deleted_after_a_question(models, qtbot, press, services):
    models.choose("mine")
    click(models.delete_button)
    press("Delete")
    qtbot.waitUntil(lambda: names(models) == ["box_supervised-lite"])
    assert ("remove", "mine") in services.asked


def test_what_is_done_with_a_model_are_actions(
    shell, models, press, dialog, services, drawn_project, open_in, qtbot
):
    workspace = open_in(shell, drawn_project)
    shell.actions.run("place.models")
    models.choose("mine")
    shell.actions.run("models.delete")
    press("Cancel")
    shell.actions.run("place.annotate")
    shell.actions.run("models.use-selected")
    assert workspace.propagation.choice.weights == services.own["mine"].path
    shell.actions.run("models.export")
    dialog(QFileDialog).reject()


def test_a_model_is_exported(models, qtbot, dialog, services, tmp_path):
    models.choose("mine")
    click(models.export_button)
    chooser = dialog(QFileDialog)
    chooser.fileSelected.emit(str(tmp_path / "out.safetensors"))
    chooser.reject()
    qtbot.waitUntil(lambda: (tmp_path / "out.safetensors").exists())
    qtbot.waitUntil(lambda: "Written" in models.strip.state.text())


@pytest.fixture
def download(models, dialog):
    click(models.download_button)
    made = dialog(DownloadDialog)
    yield made
    made.close()


def test_a_known_model_states_its_facts(download):
    download.known.setCurrentIndex(1)
    download.known.activated.emit(1)
    assert download.name.text() == "friend" and download.address.isReadOnly()
    told = download.facts.text()
    assert "5 MB" in told and "MIT" in told and "No source states its SHA-256" in told


def test_what_an_address_gave_the_last_time_is_told(download, services, qtbot):
    services.hashes["http://localhost/w.pth"] = "cd" * 32
    download.address.setText("http://localhost/w.pth")
    qtbot.waitUntil(lambda: "cdcd" in download.facts.text())
    download.address.setText("http://localhost/other.pth")
    assert "cdcd" not in download.facts.text()


def test_a_license_is_given_with_an_address_and_known_for_a_known_model(download):
    assert not download.license.isReadOnly() and download.license.text() == ""
    download.known.setCurrentIndex(1)
    download.known.activated.emit(1)
    assert download.license.isReadOnly() and download.license.text() == "MIT"


def test_a_name_follows_from_the_address(download):
    download.address.setFocus()
    QTest.keyClicks(download.address, "https://example.org/a/Big%20One.safetensors?x=1")
    assert download.name.text() == "Big-20One" and download.start_button.isEnabled()
    download.sha256.setText("abc")
    assert not download.start_button.isEnabled()


def test_a_download_shows_how_far_it_is_and_is_told(models, download, services, qtbot):
    services.gate.clear()
    download.address.setText("http://localhost/w.safetensors")
    download.name.setText("w")
    download.license.setText("CC BY 4.0")
    click(download.start_button)
    qtbot.waitUntil(lambda: "1 of 5" in download.state.text())
    assert download.bar.isVisible() and not download.address.isEnabled()
    services.gate.set()
    qtbot.waitUntil(lambda: "SHA-256 abab" in download.state.text())
    assert "License: CC BY 4.0" in download.state.text()
    qtbot.waitUntil(lambda: "w" in names(models))


def test_a_download_is_stopped(download, services, qtbot):
    services.gate.clear()
    download.address.setText("http://localhost/w.safetensors")
    download.name.setText("w")
    click(download.start_button)
    qtbot.waitUntil(lambda: "1 of 5" in download.state.text())
    click(download.stop_button)
    qtbot.waitUntil(lambda: "next try goes on" in download.state.text())
    assert "w" not in services.own and download.start_button.isEnabled()


def test_what_a_header_says_reads_as_a_text(models, services, qtbot, tmp_path):
    training = {"clips": {"batch": 4, "bf16": False}, "loss": {"dice": 0.123456}, "init": None}
    services.own["told"] = Model("told", tmp_path / "x", Origin.TRAINED, "s", training=training)
    models._hub.models.look()
    qtbot.waitUntil(lambda: len(names(models)) == 3)
    models.choose("told")
    text = models.card.toPlainText()
    assert "batch 4, bf16 no" in text and "dice 0.1235" in text and "{" not in text
