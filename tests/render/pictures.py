"""Take pictures of the HTML pages in Chromium.

``python -m tests.render.pictures FOLDER`` takes each page in light, dark, narrow and print; ``--docs`` writes the few
that the documentation shows, to docs/pictures.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterable, Mapping
from itertools import product
from pathlib import Path
from typing import Any

from tests.render.browser import chromium
from tests.render.pages import PAGES

# How a page is looked at: the size of the window, and what the browser is told of its reader.
VIEWS: Mapping[str, Mapping[str, Any]] = {
    "light": {"size": (1000, 800), "color_scheme": "light", "media": "screen"},
    "dark": {"size": (1000, 800), "color_scheme": "dark", "media": "screen"},
    "narrow": {"size": (360, 740), "color_scheme": "light", "media": "screen"},
    "print": {"size": (720, 1018), "color_scheme": "light", "media": "print"},
}
DOCS = (("ready", "light"), ("incomplete", "dark"), ("renewal", "light"))
SCREEN = (760, 560)
FOLDER = Path(__file__).parents[2] / "docs" / "pictures"


def take(folder: Path, wanted: Iterable[tuple[str, str]], *, whole: bool) -> None:
    """Pictures of these pages in these views, as ``NAME-VIEW.png``: the whole page, or what a screen shows."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch, chromium() as browser:
        for name, view in wanted:
            file = Path(scratch, f"{name}.html")
            if not file.exists():
                file.write_text(PAGES[name](), "utf-8")
            width, height = VIEWS[view]["size"] if whole else SCREEN
            page = browser.new_page(viewport={"width": width, "height": height})
            page.emulate_media(color_scheme=VIEWS[view]["color_scheme"], media=VIEWS[view]["media"])
            page.goto(file.as_uri())
            page.screenshot(path=folder / f"{name}-{view}.png", full_page=whole)
            page.close()


def main() -> None:
    """What is asked for on the command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path, default=FOLDER)
    parser.add_argument("--docs", action="store_true", help="the documentation's pictures alone")
    parser.add_argument("--page", action="append", choices=PAGES, help="these pages; all of them unless given")
    asked = parser.parse_args()
    if asked.docs:
        take(asked.folder, DOCS, whole=False)
    else:
        take(asked.folder, product(asked.page or PAGES, VIEWS), whole=True)


if __name__ == "__main__":
    main()
