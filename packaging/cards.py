"""Make the cards of the bundled weights anew: what `make cards` runs."""

from __future__ import annotations

import sys

from core.errors import VosError
from core.eval.cards import card_path, make_card
from vosapp import assets


def main() -> int:
    """Write a card beside each weights file; 2 where one cannot be made."""
    for weights in sorted(assets.weights_dir().glob("*.safetensors")):
        try:
            card_path(weights).write_text(make_card(weights), encoding="utf-8")
        except VosError as error:
            print(f"cards: {error}", file=sys.stderr)
            return 2
        print(card_path(weights))
    return 0


if __name__ == "__main__":
    sys.exit(main())
