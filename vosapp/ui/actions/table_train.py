"""Training and models."""

from __future__ import annotations

from vosapp.ui.actions.spec import ActionSpec, When

TRAIN = ("T&rain",)


def _train(name: str, text: str, icon: str, *, tip: str, group: str, when: When) -> ActionSpec:
    topic = "models" if group == "models" else "train"
    return ActionSpec(f"{topic}.{name}", text, icon, (), TRAIN, tip, enabled_when=when, group=group)


_ALWAYS = When.ALWAYS
TRAIN_ACTIONS: tuple[ActionSpec, ...] = (
    _train(
        "add-projects",
        "Learn from Projects\u2026",
        "folder-open-outline",
        tip="Choose projects with box labels or masks to learn from.",
        group="data",
        when=_ALWAYS,
    ),
    _train(
        "add-this",
        "Learn from This Project",
        "plus-box-outline",
        tip="Add the open project to what is learned from.",
        group="data",
        when=When.OPEN,
    ),
    _train(
        "add-folder",
        "Learn from a Folder\u2026",
        "folder-image",
        tip="Choose a folder of videos, or of masks as DAVIS has them.",
        group="data",
        when=_ALWAYS,
    ),
    _train(
        "check",
        "Check Training Data",
        "clipboard-check-outline",
        tip="Find out whether what looks alike is one object in the chosen data.",
        group="data",
        when=_ALWAYS,
    ),
    _train(
        "preview",
        "Preview Training Samples",
        "image-multiple-outline",
        tip="Show samples of the chosen data as the network will see them.",
        group="data",
        when=_ALWAYS,
    ),
    _train(
        "start",
        "Start Training",
        "school-outline",
        tip="Train on the chosen data for the chosen minutes; you can go on drawing meanwhile.",
        group="run",
        when=_ALWAYS,
    ),
    _train(
        "pause",
        "Pause / Go On with Training",
        "pause",
        tip="Let the training wait, or go on; its minutes do not pass meanwhile.",
        group="run",
        when=When.TRAINING,
    ),
    _train(
        "stop",
        "Stop Training and Keep",
        "stop",
        tip="End the training now; the best weights so far stay, and can be used.",
        group="run",
        when=When.TRAINING,
    ),
    _train(
        "resume",
        "Resume Training",
        "play",
        tip="Go on with a training that was stopped or interrupted, from where it was.",
        group="run",
        when=When.RESUMABLE,
    ),
    _train(
        "compare",
        "Compare on the Current Frame",
        "compare",
        tip="Carry the nearest masks or boxes to the current frame by old and new weights.",
        group="result",
        when=When.TRAINED_OPEN,
    ),
    _train(
        "use",
        "Use This Model Now",
        "check-decagram-outline",
        tip="Keep the trained weights as a model, and use it in the open project from now on.",
        group="result",
        when=When.TRAINED_OPEN,
    ),
    _train(
        "use-off",
        "Use the Former Weights Again",
        "swap-horizontal",
        tip="Use what the open project used before a model was chosen.",
        group="result",
        when=When.MODEL_USED,
    ),
    _train(
        "keep",
        "Keep Trained Weights as a Model",
        "content-save-outline",
        tip="Copy the best weights of the training that is shown among the models.",
        group="result",
        when=When.TRAINED,
    ),
    _train(
        "discard",
        "Discard Training\u2026",
        "delete-outline",
        tip="Remove the training that is shown, with all it has learned; kept models stay.",
        group="result",
        when=When.OVER,
    ),
    _train(
        "import",
        "Import Model\u2026",
        "import",
        tip="Take weights of a file among the models; those of others are looked at first.",
        group="models",
        when=_ALWAYS,
    ),
    _train(
        "download",
        "Download Model\u2026",
        "download-outline",
        tip="Take weights from an address among the models.",
        group="models",
        when=_ALWAYS,
    ),
    _train(
        "use-selected",
        "Use Model in This Project",
        "check-decagram-outline",
        tip="Let this project use the model that is selected in Models from now on.",
        group="models",
        when=When.OPEN,
    ),
    _train(
        "export",
        "Export Model\u2026",
        "export",
        tip="Write the file of the model that is selected in Models elsewhere.",
        group="models",
        when=_ALWAYS,
    ),
    _train(
        "delete",
        "Delete Model\u2026",
        "delete-outline",
        tip="Remove the model that is selected in Models for good.",
        group="models",
        when=_ALWAYS,
    ),
)
"""In the order of the menu."""
