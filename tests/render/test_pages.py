"""Every HTML page in Chromium: nothing loaded or run that is not its own, readable by everybody, on every screen."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.render.browser import CHROMIUM, chromium
from tests.render.pages import PAGES

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="Chromium is not installed")
pytest.importorskip("axe_playwright_python")
SIZES = {"wide": (1200, 800), "narrow": (320, 640)}


@pytest.fixture(scope="module")
def browser() -> Iterator[object]:
    """One browser for all pages."""
    with chromium() as running:
        yield running


@cache
def made(name: str) -> str:
    """The page, made once."""
    return PAGES[name]()


@pytest.fixture
def shown(browser, tmp_path: Path):
    """Opens a page at a size and in a colour scheme; whatever it asks for or complains of is kept beside it."""
    opened = []

    def show(name: str, size: str = "wide", scheme: str = "light"):
        file = tmp_path / "page.html"
        file.write_text(made(name), "utf-8")
        width, height = SIZES[size]
        page = browser.new_page(viewport={"width": width, "height": height}, color_scheme=scheme)
        opened.append(page)
        page.asked, page.complaints = [], []
        page.on("request", lambda request: page.asked.append(request.url))
        page.on("console", lambda message: page.complaints.append(message.text))
        page.on("pageerror", lambda error: page.complaints.append(str(error)))
        page.goto(file.as_uri())
        return page

    yield show
    for page in opened:
        page.close()


@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("narrow", "dark")])
@pytest.mark.parametrize("name", [name for name in PAGES if name not in ("long-fleet", "large-fleet")])
def test_a_page_is_readable_by_everybody(shown, name: str, size: str, scheme: str) -> None:
    """In light and dark, wide and on a phone: axe-core finds nothing, the page loads and runs nothing but itself, and
    only tables, pictures and lines to type scroll sideways, each by itself."""
    from axe_playwright_python.sync_playwright import Axe

    page = shown(name, size, scheme)
    results = Axe().run(page).response
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in results["violations"]] == []
    assert [url for url in page.asked if not url.endswith("/page.html")] == []
    assert page.complaints == []
    assert page.title() != "owned"
    assert page.evaluate("document.scrollingElement.scrollWidth") <= SIZES[size][0]


def test_a_command_is_copied(shown) -> None:
    """The button puts the lines of a fix, and nothing else, where they can be pasted from, with the keyboard alone."""
    page = shown("lint")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    button = page.locator("button[data-copy]").first
    lines = page.locator(f"#{button.get_attribute('data-copy')}").text_content()
    button.focus()
    page.keyboard.press("Enter")
    page.locator("button", has_text="Copied").or_(page.locator("button", has_text="Selected")).first.wait_for()
    assert page.evaluate("navigator.clipboard.readText()") == lines


def test_five_thousand_targets_are_searched_and_filtered(shown) -> None:
    """With 5,000 targets the worst come first, a search finds one by its name, verdicts and days narrow the list, and a
    link of the calendar opens its target, wherever it is in the list."""
    page = shown("large-fleet")
    count = page.locator("#shown")

    def filtered(sentence: str) -> None:
        page.locator("#shown", has_text=sentence).wait_for(timeout=120_000)

    assert count.text_content() == "5000 of 5000 targets, 1 to 100 shown"
    first = page.locator(".target summary strong").first
    assert first.text_content() == "NOT READY"
    page.fill("#search", "4999 ann")
    filtered("1 of 5000 targets shown")
    page.fill("#search", "")
    filtered("5000 of 5000 targets, 1 to 100 shown")
    page.uncheck("input[value=fail-not-ready]")
    filtered("3500 of 5000 targets, 1 to 100 shown")
    page.uncheck("input[value=pass-ready]")
    page.uncheck("input[value=unknown-cannot-tell]")
    filtered("500 of 5000 targets, 1 to 100 shown")
    page.goto(page.url.partition("#")[0] + "#line-7")
    page.locator("#line-7[open]").wait_for(timeout=120_000)
    filtered("5000 of 5000 targets")


def test_five_thousand_targets_are_readable_by_everybody(shown) -> None:
    """With 5,000 targets axe-core finds nothing on a page of them, some opened, and the last page ends with the last."""
    from axe_playwright_python.sync_playwright import Axe

    page = shown("large-fleet")
    for place in range(8):  # one of them is a folder
        page.locator(".target summary").nth(place).click()
    assert page.locator(".target[open]").count() == 8
    results = Axe().run(page).response
    assert [(each["id"], [node["html"] for node in each["nodes"]]) for each in results["violations"]] == []
    for _ in range(49):
        page.locator("#filter .pages button").last.click()
    assert page.locator("#shown").text_content() == "5000 of 5000 targets, 4901 to 5000 shown"
    assert page.locator(".target summary strong").last.text_content() == "READY"
    assert page.complaints == []


def test_pages_of_a_long_list_are_turned_with_the_keyboard(shown) -> None:
    """Turned below the list, a reader is at the head of the next page; at the last page the way back has the focus; a
    page has no more than a hundred; on paper every target and every change is there."""
    page = shown("long-fleet")
    above, below = (page.locator("[data-pages=targets]").nth(place) for place in (0, 1))
    assert below.locator("button").first.is_disabled()
    below.locator("button").last.focus()
    page.keyboard.press("Enter")
    assert page.locator("#shown").text_content() == "450 of 450 targets, 101 to 200 shown"
    assert page.evaluate("document.activeElement.id") == "targets"
    on = above.locator("button").last
    on.focus()
    while on.is_enabled():
        page.keyboard.press("Enter")
    assert page.locator("#shown").text_content() == "450 of 450 targets, 401 to 450 shown"
    assert page.evaluate("document.activeElement.textContent") == "Previous page"
    assert page.locator("#changed-rows li").count() == 100
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator(".target").count() == 450
    assert page.locator("#changed-rows li").count() > 200
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator(".target").count() == 50


def test_the_overview_needs_no_script(browser, tmp_path: Path) -> None:
    """Without any script every target is listed, and a click opens its report."""
    file = tmp_path / "page.html"
    file.write_text(made("fleet"), "utf-8")
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(file.as_uri())
    assert page.locator(".target").count() == 40
    assert not page.locator("#filter").is_visible()
    page.locator(".target summary").first.click()
    assert page.locator(".target article").first.is_visible()
    page.close()
