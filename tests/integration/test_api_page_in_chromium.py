"""The API page in a browser: light and dark, wide and narrow, without a request to anywhere else."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Browser, expect

pytestmark = pytest.mark.integration
SHOTS = Path(__file__).parents[2] / "build" / "screenshots"


@pytest.fixture(scope="module")
def address(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    workspace = tmp_path_factory.mktemp("api")
    (workspace / "shopkeeper.toml").touch()
    command = [sys.executable, "-m", "shopkeeper", "serve", "--port", "0", "--json", "--workspace", str(workspace)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    yield str(json.loads(process.stdout.readline())["url"])
    process.terminate()
    process.wait(20)
    process.stdout.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "height"), [(1440, 900), (390, 844)])
def test_the_page_stands_on_its_own_and_fits_the_screen(
    browser: Browser, address: str, scheme: Literal["light", "dark"], width: int, height: int
) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
    page = context.new_page()
    wrong: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: wrong.append(message.text))
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{address}/docs")
    page.wait_for_load_state("load")
    assert wrong == []
    assert all(url.startswith((address, "data:")) for url in asked)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (sum(int(part) for part in ground[4:-1].split(",")) > 3 * 128) is (scheme == "light")
    page.screenshot(path=SHOTS / f"api-{scheme}-{width}.png")
    page.locator('a[href="#recommend"]').click()
    heading = page.locator("#recommend")
    expect(heading).to_be_in_viewport()
    side = page.locator(".side").bounding_box()
    place = heading.bounding_box()
    assert side is not None
    assert place is not None
    assert width > 860 or place["y"] >= side["height"], "the bar on top hides the heading"
    page.screenshot(path=SHOTS / f"api-recommend-{scheme}-{width}.png")
    context.close()


def test_the_menu_of_a_narrow_screen_leads_to_a_group_by_keyboard(browser: Browser, address: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    page.goto(f"{address}/docs")
    links = page.locator("#side-links")
    expect(links).to_be_hidden()
    page.locator(".side-button").focus()
    page.keyboard.press("Enter")
    expect(links).to_be_visible()
    page.locator('#side-links a[href="#run-it"]').press("Enter")
    expect(page.locator("#run-it")).to_be_in_viewport()
    context.close()
