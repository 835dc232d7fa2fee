"""Texts judged in a browser, by keyboard alone: a real server, the command line, Chromium; pictures in build/."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.integration.test_sign_in_in_chromium import GOOD, LOOKS, SHOTS, House, sign_in, visit

__all__ = ["visit"]
pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[House, str]]:
    """A shop with texts of six kettles that wait, and the invitation of a merchandiser."""
    source: Path = tmp_path_factory.mktemp("source")
    (source / "stores.jsonl").write_text(json.dumps({"store": "uk", "locales": ["en"]}))
    rows = [
        {
            "product": f"k{n}", "title": f"Kettle K{n}", "brand": "Acme", "categories": ["Home > Kettles"],
            "attributes": {"capacity": f"1.{n} L", "power": "2200 W", "colour": "red"},
        }
        for n in range(1, 7)
    ]  # fmt: skip
    (source / "products.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    opened = House(tmp_path_factory.mktemp("texts") / "shop", tmp_path_factory.mktemp("state"))
    there = ("--workspace", str(opened.folder))
    opened.verb("import", str(source), "--store", "uk", *there)
    opened.verb("content", "generate", "--field", "description_short", "--field", "bullets", *there)
    made = opened.people("add", "--name", "Bob", "--email", "bob@shop.example", "--role", "merchandiser@uk")
    yield opened, str(made["invitation"])
    opened.server.close()


def test_texts_are_approved_rejected_and_edited_by_keyboard_and_undone(
    house: tuple[House, str], visit: Callable[..., Page]
) -> None:
    page, url = visit(), house[0].url
    page.goto(f"{url}/control-room/invitation?token={house[1]}")
    page.get_by_label("Password", exact=True).fill(GOOD)
    page.get_by_label("Once more").fill(GOOD)
    page.get_by_role("button", name="Set the password").click()
    page.goto(f"{url}/control-room/content")
    sign_in(page, "bob@shop.example")
    answer = page.locator(".answer")
    expect(answer).to_contain_text("12 texts wait")
    expect(page.locator(".text-judged mark").first).to_be_visible()
    for scheme, width, height in LOOKS:
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        SHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SHOTS / f"content-{scheme}-{width}.png", full_page=True)
    page.set_viewport_size({"width": 1440, "height": 900})

    page.keyboard.press("a")
    expect(page.get_by_role("status")).to_contain_text("Approved.")
    expect(answer).to_contain_text("11 texts wait for a person")
    expect(answer).to_contain_text("1 are published")

    page.keyboard.press("r")  # without a reason the cursor goes where it is to be written
    expect(page.get_by_label("Why")).to_be_focused()
    page.keyboard.type("it does not say how loud it is")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("Rejected")
    expect(answer).to_contain_text("10 texts wait for a person, 1 did not pass or were rejected")

    page.goto(f"{url}/control-room/content?field=description_short")
    page.keyboard.press("e")
    expect(page.get_by_label("Your own text")).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("A kettle of 9 L.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("alert")).to_contain_text("does not pass the verifier")
    page.keyboard.press("e")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("A red kettle.")
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("status")).to_contain_text("Your text is in place")

    page.get_by_role("link", name="Look at it again").click()
    expect(page.locator(".text-judged").first).to_have_text("A red kettle.")
    page.keyboard.press("Escape")
    page.keyboard.press("u")
    expect(page.get_by_role("status")).to_contain_text("The last step is undone.")
    before = page.locator("#judged").inner_text()
    page.keyboard.press("n")
    expect(page.locator("#judged")).not_to_have_text(before)
