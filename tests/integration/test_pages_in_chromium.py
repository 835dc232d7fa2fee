"""The demo seen through a browser: a shopper clicks through the storefront, a merchant looks into the control room.

Everything is real: the demo's own server process, its simulated shoppers' history, its trained model, Chromium.
Screenshots of each page in light and dark, wide and narrow, are left in build/screenshots.
"""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, Response, expect

from shopkeeper.cli.demo_processes import start_server

pytestmark = pytest.mark.integration
SHOTS = Path(__file__).parents[2] / "build" / "screenshots"
STORE = "home-uk"
ROOMS = {
    "overview": "",
    "rollouts": "/rollouts",
    "models": "/models",
    "experiments": "/experiments",
    "data": "/data",
    "decisions": "/decisions",
    "stores": "/stores",
    "audit": "/audit",
}
Scheme = Literal["light", "dark"]
LOOKS: list[tuple[Scheme, int, int]] = [
    ("light", 1440, 900),
    ("dark", 1440, 900),
    ("light", 390, 844),
    ("dark", 390, 844),
]
CARD = ".strip-cards .card:not(.waiting)"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[str]:
    """The address of a demo with a trained model, served by a process of its own.

    The model gets two seconds, as what it says is under test here and not how fast a busy machine is.
    """
    folder = tmp_path_factory.mktemp("pages") / "shop"
    made = [sys.executable, "-m", "shopkeeper", "demo", "--fast", "--no-serve", "--json", "--dir", str(folder)]
    ran = subprocess.run(made, capture_output=True, text=True, timeout=180, check=False)
    assert (folder / "storefront-keys.json").is_file(), ran.stderr
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("SHOPKEEPER_SERVING__DEADLINE_MS", "2000")
        server, url = start_server(folder, 0)
    yield url
    server.close()


@dataclass
class Watched:
    """A page and everything that went wrong in it."""

    page: Page
    wrong: list[str] = field(default_factory=list)

    def watch(self) -> Watched:
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.wrong.append(f"script: {error}"))
        self.page.on("requestfailed", self._failed)
        self.page.on("response", self._answered)
        return self

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.wrong.append(f"console: {message.text}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.wrong.append(f"{response.status} {response.url}")

    def _failed(self, request: Request) -> None:
        # Leaving the overview ends its stream, which the browser reports as a failure.
        if not request.url.endswith("/control-room/stream"):
            self.wrong.append(f"failed: {request.url} {request.failure}")

    def settled(self, rounds: int) -> None:
        """Wait until the page's lists were filled so many times."""
        expect(self.page.locator("html")).to_have_attribute("data-ready", re.compile(f"^{rounds}$"), timeout=15_000)

    def titles(self, strip: str) -> list[str]:
        return self.page.locator(f"#{strip} {CARD} .card-title").all_inner_texts()

    def reasons(self, strip: str) -> list[str]:
        return self.page.locator(f"#{strip} {CARD} .reason").all_inner_texts()


def events_of(request: Request) -> list[dict[str, Any]]:
    body = request.post_data_json
    assert isinstance(body, dict)
    events: list[dict[str, Any]] = body["events"]
    return events


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Watched]]:
    """Open a page as somebody new; at the end nothing may have gone wrong in it."""
    opened: list[Watched] = []

    def visitor(scheme: Scheme = "light", width: int = 1440, height: int = 900) -> Watched:
        context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        opened.append(Watched(context.new_page()).watch())
        return opened[-1]

    yield visitor
    wrong = [thing for watched in opened for thing in watched.wrong]
    for watched in opened:
        watched.page.context.close()
    assert not wrong


def test_a_click_changes_the_lists_without_a_reload_and_the_reasons_name_it(
    visit: Callable[..., Watched], address: str
) -> None:
    shop = visit()
    shop.page.goto(f"{address}/storefront/{STORE}")
    shop.settled(1)
    before = shop.titles("for-you")
    shop.page.evaluate("window.stayed = true")
    clicked = shop.page.locator("#content .card-title").first.inner_text()
    shop.page.locator("#content .card a").first.click()
    shop.settled(2)
    expect(shop.page.locator("h1")).to_have_text(clicked)
    assert shop.page.evaluate("window.stayed") is True
    assert shop.titles("for-you") != before
    assert f"Because you viewed {clicked}" in shop.reasons("for-you")
    assert any(why in (f"Goes with {clicked}", "Goes with your choice") for why in shop.reasons("goes-with"))
    assert clicked not in shop.titles("for-you")
    expect(shop.page.locator("#known")).to_contain_text(clicked)
    expect(shop.page.locator("#answer-model")).to_have_text(re.compile(r"^\d{8}-\d{6}-"))
    expect(shop.page.locator("#answer-variant")).to_have_text("champion")
    expect(shop.page.locator("#answer-took")).to_have_text(re.compile(r"^\d+\.\d ms"))


def test_a_card_in_a_list_leads_on_and_the_click_names_its_decision(
    visit: Callable[..., Watched], address: str
) -> None:
    shop = visit()
    shop.page.goto(f"{address}/storefront/{STORE}")
    shop.settled(1)
    card = shop.page.locator(f"#for-you {CARD}").nth(2)
    decision, product = card.get_attribute("data-decision"), card.get_attribute("data-product")
    with shop.page.expect_request(lambda r: r.url.endswith("/v1/events") and '"click"' in (r.post_data or "")) as sent:
        card.locator("a").click()
    [event] = events_of(sent.value)
    assert (event["decision_id"], event["product"], event["position"]) == (decision, product, 3)
    shop.settled(2)


def test_what_comes_on_the_screen_is_told_with_decision_and_place(visit: Callable[..., Watched], address: str) -> None:
    shop = visit()
    with shop.page.expect_request(lambda r: '"impression"' in (r.post_data or "")) as sent:
        shop.page.goto(f"{address}/storefront/{STORE}")
    events = events_of(sent.value)
    assert next(event["position"] for event in events if event.get("decision_id")) == 1
    assert len(events) > 1, "impressions go out in batches"
    shop.settled(1)


def test_cart_and_order_reach_the_engine(visit: Callable[..., Watched], address: str) -> None:
    shop = visit()
    shop.page.goto(f"{address}/storefront/{STORE}?order=price-up")
    shop.settled(1)
    title = shop.page.locator("#content .card-title").first.inner_text()
    shop.page.locator("#content .card a").first.click()
    shop.settled(2)
    shop.page.click("#buy")
    shop.settled(3)
    expect(shop.page.locator("#cart-count")).to_have_text("1")
    shop.page.click(".cart-link")
    shop.settled(4)
    expect(shop.page.locator("#cart")).to_contain_text(title)
    shop.page.click("#place-order")
    shop.settled(5)
    expect(shop.page.locator("#cart")).to_contain_text("The cart is empty")
    expect(shop.page.locator("#known li").first).to_contain_text("Bought")


def test_without_consent_nothing_personal_is_shown_and_nothing_is_remembered(
    visit: Callable[..., Watched], address: str
) -> None:
    shop = visit()
    shop.page.goto(f"{address}/storefront/{STORE}")
    shop.settled(1)
    shop.page.locator("#content .card a").first.click()
    shop.settled(2)
    assert any(reason.startswith("Because you viewed") for reason in shop.reasons("for-you"))
    shop.page.locator("#consent-personalise").uncheck()
    shop.settled(3)
    assert shop.titles("for-you")
    assert not any(reason.startswith("Because you") for reason in shop.reasons("for-you"))
    expect(shop.page.locator("#known-note")).to_contain_text("nothing is read or remembered")
    expect(shop.page.locator("#known li")).to_have_count(0)


def test_a_new_shopper_starts_with_nothing_known(visit: Callable[..., Watched], address: str) -> None:
    shop = visit()
    shop.page.goto(f"{address}/storefront/{STORE}")
    shop.settled(1)
    shop.page.locator("#content .card a").first.click()
    shop.settled(2)
    was = shop.page.locator("#visitor").inner_text()
    shop.page.click("#new-shopper")
    shop.settled(3)
    assert shop.page.locator("#visitor").inner_text() != was
    expect(shop.page.locator("#known li")).to_have_count(0)


def test_the_back_button_brings_back_the_page_before(visit: Callable[..., Watched], address: str) -> None:
    shop = visit()
    shop.page.goto(f"{address}/storefront/{STORE}")
    shop.settled(1)
    shop.page.locator("#content .card a").first.click()
    shop.settled(2)
    shop.page.go_back()
    shop.settled(3)
    expect(shop.page.locator("h1")).to_contain_text("All products")


def test_the_shop_is_usable_by_keyboard_alone(visit: Callable[..., Watched], address: str) -> None:
    shop = visit()
    shop.page.goto(f"{address}/storefront/{STORE}")
    shop.settled(1)
    shop.page.keyboard.press("Tab")
    expect(shop.page.locator(":focus")).to_have_text("Skip to the products")
    shop.page.keyboard.press("Enter")
    shop.page.keyboard.press("Tab")
    shop.page.keyboard.press("Tab")
    shop.page.keyboard.press("Enter")
    shop.settled(2)
    expect(shop.page.locator(".product h1")).to_be_visible()


def test_the_control_room_counts_the_decision_just_made_and_shows_it(
    visit: Callable[..., Watched], address: str
) -> None:
    room = visit()
    room.page.goto(f"{address}/control-room")
    counted = room.page.locator("#since")
    expect(counted).to_contain_text("decisions")
    asked = int(re.findall(r"[\d,]+", counted.inner_text())[0].replace(",", ""))
    shop = visit()
    shop.page.goto(f"{address}/storefront/{STORE}")
    shop.settled(1)
    expect(counted).to_contain_text(f": {asked + 1:,} decisions")
    room.page.goto(f"{address}/control-room/decisions")
    first = room.page.locator(".opens").first
    first.click()
    expect(first).to_have_attribute("aria-expanded", "true")
    assert room.page.locator("#d1 li b").all_inner_texts() == shop.titles("for-you")


def test_a_filter_leaves_the_rows_that_hold_its_words(visit: Callable[..., Watched], address: str) -> None:
    room = visit()
    room.page.goto(f"{address}/control-room/data")
    rows = room.page.locator("#refused tbody:not([hidden])")
    every = [text.lower() for text in rows.all_text_contents()]
    table, field_ = rows.last.locator("td").nth(2).inner_text(), rows.last.locator("td").nth(4).inner_text()
    room.page.fill("[data-filter=refused]", f"{field_} {table}")
    left = [text for text in every if table.lower() in text and field_.lower() in text]
    assert [text.lower() for text in rows.all_text_contents()] == left
    room.page.fill("[data-filter=refused]", "words of no row")
    expect(rows).to_have_count(0)
    room.page.fill("[data-filter=refused]", "")
    expect(rows).to_have_count(len(every))
    assert every


def test_charts_are_drawn_and_their_numbers_stand_in_a_table(visit: Callable[..., Watched], address: str) -> None:
    room = visit()
    room.page.goto(f"{address}/control-room")
    expect(room.page.locator("#chart-load .main-svg").first).to_be_visible()
    room.page.click(".behind summary")
    expect(room.page.locator("#seconds tbody tr").first).to_be_visible()
    room.page.goto(f"{address}/control-room/models")
    expect(room.page.locator(".versions .main-svg").first).to_be_visible()


@pytest.mark.parametrize(("scheme", "width", "height"), LOOKS)
def test_no_page_is_wider_than_the_screen_and_each_leaves_its_picture(
    visit: Callable[..., Watched], address: str, scheme: Scheme, width: int, height: int
) -> None:
    SHOTS.mkdir(parents=True, exist_ok=True)
    seen = visit(scheme, width, height)

    def shoot(name: str) -> None:
        assert seen.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), name
        seen.page.screenshot(path=SHOTS / f"{name}-{scheme}-{width}.png", full_page=True)

    seen.page.goto(f"{address}/storefront")
    shoot("stores-to-visit")
    seen.page.goto(f"{address}/storefront/{STORE}")
    seen.settled(1)
    shoot("storefront")
    seen.page.locator("#content .card a").first.click()
    seen.settled(2)
    shoot("product")
    for name, path in ROOMS.items():
        seen.page.goto(f"{address}/control-room{path}")
        seen.page.wait_for_load_state("load")
        shoot(f"control-room-{name}")


def test_the_overview_says_since_when_it_has_no_word_from_the_server(
    visit: Callable[..., Watched], tmp_path: Path
) -> None:
    made = [sys.executable, "-m", "shopkeeper", "init", str(tmp_path / "shop")]
    subprocess.run(made, check=True, capture_output=True, timeout=60)
    server, url = start_server(tmp_path / "shop", 0)
    room = visit()
    try:
        room.page.goto(f"{url}/control-room")
        expect(room.page.locator("#stale")).to_be_hidden()
    finally:
        began = time.monotonic()
        server.close()
    assert time.monotonic() - began < 10, "an open overview must not hold up the server's end"
    expect(room.page.locator("#stale")).to_contain_text("No word from the server since")
    room.wrong.clear()  # the server is gone, and the browser says so
