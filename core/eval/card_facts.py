"""What is known of a training, as rows of a card: from a header's facts to words for people."""

from __future__ import annotations

from collections.abc import Mapping

from core.train.labels import IMAGENET_CLASSES, NONE, as_names, kinds_of

LABELS = {
    NONE: "none: no mask, box or class that a person drew or named",
    IMAGENET_CLASSES: "classes of ImageNet, for the backbone alone",
    "boxes": "boxes",
    "masks": "masks",
}
"""What labels weights have seen, as headers and cards say it."""
TITLES = {
    "stage": "what was learned",
    "labels": "labels seen",
    "data": "data",
    "sequences": "learned from",
    "init": "started from",
    "steps": "steps",
    "settings": "settings",
    "blend": "share of it that is kept",
    "time": "time",
    "hardware": "hardware",
    "command": "command",
    "loss": "loss at the end",
}
"""Rows about a training, in this order; others come after them by their own names."""
NAMES_SHOWN = 24
"""More names than these are left to the header."""
RUN_SETTINGS = ("radius", "learning_rate", "bf16", "seed")


def training_rows(training: Mapping[str, object]) -> dict[str, str]:
    """What is known of a training, by titles, in order."""
    facts = dict(training)
    told = {
        "labels": _labels(facts.get("labels", "")),
        "data": _joined(facts, "data", videos="raw videos", frames="frames", images="images"),
        "sequences": _sequences(facts.get("sequences")),
        "settings": _settings(facts),
        "time": _time(facts.get("seconds")),
        "hardware": _hardware(facts),
        "command": f"`{facts['command']}`" if facts.get("command") else "",
        "init": f"`{facts['init']}`" if facts.get("init") else "",
        "loss": text_of(facts["loss"]) if "loss" in facts else "",
    }
    used = {"videos", "frames", "images", "pairs", "seconds", *RUN_SETTINGS}
    used |= {"device", "processor", "processes", "torch"}
    others = {k: text_of(v) for k, v in facts.items() if k not in used | told.keys()}
    found = {**told, **others}
    ordered = [*TITLES, *(name for name in found if name not in TITLES)]
    return {TITLES.get(name, name): found[name] for name in ordered if found.get(name)}


def _labels(seen: object) -> str:
    """Each kind of labels in words."""
    kinds = kinds_of(seen) if isinstance(seen, str) else (text_of(seen),)
    return "; ".join(LABELS.get(kind, kind) for kind in kinds)


def _sequences(found: object) -> str:
    """Sequences of data sets and videos with labels, of which many are counted."""
    names = as_names(found)
    if len(names) <= NAMES_SHOWN:
        return ", ".join(names)
    return f"{len(names)} videos with labels or of data sets; the header of the weights names them"


def _joined(facts: Mapping[str, object], own: str, **counts: str) -> str:
    """Counts in words, then what the notes say."""
    words = [f"{text_of(facts[k])} {name}" for k, name in counts.items() if facts.get(k)]
    return "; ".join(filter(None, [", ".join(words), str(facts.get(own, ""))]))


def _settings(facts: Mapping[str, object]) -> str:
    pairs = facts.get("pairs")
    values = {**(pairs if isinstance(pairs, dict) else {})}
    values |= {name: facts[name] for name in RUN_SETTINGS if name in facts}
    words = ", ".join(f"{name} {text_of(value)}" for name, value in values.items())
    return "; ".join(filter(None, [words, str(facts.get("settings", ""))]))


def _time(seconds: object) -> str:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        return ""
    return f"{seconds / 60:.0f} minutes" if seconds >= 120 else f"{seconds:.0f} seconds"


def _hardware(facts: Mapping[str, object]) -> str:
    words = [str(facts[name]) for name in ("device", "processor") if facts.get(name)]
    if facts.get("processes"):
        words.append(f"processes: {facts['processes']}")
    if facts.get("torch"):
        words.append(f"torch {facts['torch']}")
    return "; ".join(filter(None, [", ".join(words), str(facts.get("hardware", ""))]))


def text_of(value: object) -> str:
    """A value of a header as text: numbers short, lists and tables in one line."""
    if isinstance(value, dict):
        return ", ".join(f"{name} {text_of(one)}" for name, one in value.items())
    if isinstance(value, list | tuple):
        return " ".join(text_of(one) for one in value)
    if isinstance(value, float):
        return f"{value:.4g}"
    return f"{value:,}" if isinstance(value, int) and abs(value) >= 10_000 else str(value)
