"""Prints its catalogue, with the prices of another module."""

import json
import os
from pathlib import Path

from pricing import price_of  # type: ignore[import-not-found]  # it lies in the image


def main() -> None:
    """The program."""
    catalogue = json.loads((Path(__file__).parent / "catalogue.json").read_text(encoding="utf-8"))
    print(os.environ.get("SHOP_NAME", "nameless"))
    for name, amount in catalogue.items():
        print(name, price_of(amount))


if __name__ == "__main__":
    main()
