"""Prices judged in a browser, by keyboard alone: a real server, its process aside, Chromium; pictures in build/."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace
from playwright.sync_api import Page, expect
from tests.integration.test_sign_in_in_chromium import GOOD, LOOKS, SHOTS, sign_in, visit
from tests.pricing.houses import MONDAY, STORE, House, trade

from shopkeeper.cli.demo_processes import start_server
from shopkeeper.commerce.tables import STORES
from shopkeeper.engines.state import State, open_state
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.people.passwords import hashed
from shopkeeper.pricing.learn import PriceLearning
from shopkeeper.pricing.price_model import ELASTIC
from shopkeeper.pricing.proposal import Outcome, Span
from shopkeeper.pricing.runs.ports import Seen
from shopkeeper.pricing.runs.price_run import RunPrice
from shopkeeper.registry.bundle import BundleContent, write_bundle
from shopkeeper.registry.ports import ModelVersion
from shopkeeper.testing.prices_suite import example_price, example_run
from shopkeeper.wiring.settings import Settings

__all__ = ["visit"]
pytestmark = pytest.mark.integration
WEEKS = 20
POLICY = "version: 1\nrules: {days_between_changes: 0, cost: {fresh_days: 3650}}\n"
WORKED_OUT = 300_000
"""Milliseconds after which the process aside is given up."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[State, str]]:
    """A shop with a model of prices, a run of 130 prices that waits, and somebody who decides about prices."""
    folder = tmp_path_factory.mktemp("prices")
    (folder / "shopkeeper.toml").touch()
    (folder / "price-policy.yaml").write_text(POLICY)
    settings = Settings(workspace=folder)
    state = open_state(settings.state_url)
    state.tables.upsert(STORES, [SourcedRow(STORE, MONDAY)])
    _learnt(folder, settings, state)
    prices = [_with_outcomes(example_price(f"p{n}", 10, 10.5 + n / 1_000, store="de")) for n in range(130)]
    wild = example_price("wild <i>product</i> of a very long name that goes on", 10, 4, store="de")
    run, rows = example_run("run-1", [*prices, wild], datetime.now(UTC))
    promised = {"lifts": {"EUR": Span(0.004, 0.012, 0.021)}, "margin_changes": {"EUR": Span(0.001, 0.003, 0.004)}}
    state.price_runs.begin(replace(run, who="anna", **promised), rows)
    person = state.people.add("Dora", "dora@shop.example", {"*": ("pricing",)}, "test")
    state.people.set_password(person.person_id, hashed(GOOD), "test")
    server, url = start_server(folder, 0)
    yield state, url
    server.close()
    state.close()


def _learnt(folder: Path, settings: Settings, state: State) -> None:
    house = House(folder)
    trade(house, WEEKS)
    at = MONDAY + timedelta(weeks=WEEKS)
    for number in range(8):
        house.product(f"p{number}", cost=4.0, categories=["Garden"], source_ts=at - timedelta(days=1))
    system = PriceLearning(house.warehouse(), [STORE])
    model = system.fit(ELASTIC, system.extract(at), {}, 0)
    content = BundleContent(
        system="pricing", model=ELASTIC, code_version="test", parameters=model.parameters, seed=0, fingerprint="",
        metrics={}, arrays=model.arrays(),
    )  # fmt: skip
    manifest = write_bundle(settings.folder(settings.engines.models), content, at)
    figures = {
        "forecast_accuracy": {"value": 0.563, "low": 0.51, "high": 0.61},
        "baseline": {"forecast_accuracy": {"value": 0.16}},
        "difference": {"forecast_accuracy": {"value": 0.403, "low": 0.29, "high": 0.52}},
    }
    where = f"pricing/{manifest.version}"
    version = ModelVersion("pricing", manifest.version, ELASTIC, where, manifest.created_at, True, figures, "")
    state.registry.register(version)
    state.registry.point("pricing", "champion", manifest.version, "test", "first")
    house.close()


def _with_outcomes(price: RunPrice) -> RunPrice:
    now, new = (
        Outcome(units=Span(8, low, 12), revenue=Span(80, 10 * low, 125), margin=Span(40, 5 * low, 70))
        for low in (10.0, 10.4)
    )
    return replace(price, proposal=replace(price.proposal, at_current=now, at_proposed=new, binding=("daily_move",)))


def looked_at(page: Page, name: str) -> None:
    """Take pictures, wide in light and narrow in dark; nothing may be wider than the window."""
    for scheme, width, height in (LOOKS[0], LOOKS[-1]):
        page.emulate_media(color_scheme=scheme)
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (name, width)
        SHOTS.mkdir(parents=True, exist_ok=True)
        whole = page.locator("#rows").count() == 0  # a hundred rows look like ten
        page.screenshot(path=SHOTS / f"{name}-{scheme}-{width}.png", full_page=whole)
    page.emulate_media(color_scheme="light")
    page.set_viewport_size({"width": 1440, "height": 900})


def pressed(page: Page, key: str) -> None:
    """Press a key once the page listens."""
    expect(page.locator("html[data-keys=on]")).to_be_attached()
    page.keyboard.press(key)


def decide(page: Page, key: str, why: str, said: str) -> None:
    """Open a button by its key, say why, and press Enter."""
    pressed(page, key)
    expect(page.locator(".act[open] input[name=why]")).to_be_focused()
    page.keyboard.type(why)
    page.keyboard.press("Enter")
    expect(page.locator(".notice[role=status]")).to_contain_text(said)


def test_a_run_is_judged_published_watched_and_taken_back_by_keyboard(
    shop: tuple[State, str], visit: Callable[..., Page]
) -> None:
    state, url = shop
    page = visit()
    page.goto(f"{url}/control-room/prices")
    sign_in(page, "dora@shop.example")
    expect(page.locator(".answer")).to_contain_text("1 run waits for approval.")
    looked_at(page, "prices")
    page.get_by_role("link", name=re.compile("^de, ")).press("Enter")

    expect(page.locator(".answer")).to_contain_text("It would change 130 of 131 prices in de")
    expect(page.locator(".answer")).to_contain_text("revenue +1.2% (+0.4% to +2.1%), margin +0.3 points (+0.1 to +0.4)")
    expect(page.locator("#rows tbody tr")).to_have_count(100)
    looked_at(page, "price-run")
    pressed(page, "n")
    expect(page.locator("#rows tbody tr")).to_have_count(30)
    pressed(page, "b")
    expect(page.locator("#rows tbody tr")).to_have_count(100)
    pressed(page, "/")
    expect(page.get_by_label("Category")).to_be_focused()
    page.get_by_label("Rule or finding").select_option("anomaly:daily_move")
    page.get_by_role("button", name="Show").press("Enter")
    expect(page.locator("#rows tbody tr")).to_have_count(1)
    expect(page.locator("#rows")).to_contain_text("wild <i>product</i>")

    decide(page, "a", "the buyer agreed", "Your approval is kept.")
    decide(page, "p", "autumn", "Published: its prices hold now.")
    expect(page.locator("#far + .scroll")).to_contain_text("130 wait for the webhook")
    changes = state.prices.changes(run="run-1", limit=3)
    state.prices.handed([one.number for one in changes], "webhook", datetime.now(UTC))
    state.prices.saw([
        Seen(changes[0].number, "confirmed", changes[0].price, datetime.now(UTC)),
        Seen(changes[1].number, "mismatch", 10.0, datetime.now(UTC)),
    ])  # fmt: skip
    page.reload()
    expect(page.locator(".notice.bad")).to_contain_text("another price than this run decided for 1 product")
    looked_at(page, "price-run-published")
    decide(page, "v", "the shop takes none", "Taken back")


def test_a_price_is_explained_and_other_targets_and_the_model_are_looked_at(
    shop: tuple[State, str], visit: Callable[..., Page]
) -> None:
    page, url = visit(), shop[1]
    page.goto(f"{url}/control-room/prices/product")
    sign_in(page, "dora@shop.example")
    page.get_by_label("Product").fill("p3")
    page.keyboard.press("Enter")
    expect(page.locator("#answer")).to_contain_text("now", timeout=WORKED_OUT)
    expect(page.locator("[data-part] svg")).to_have_count(4)
    expect(page.locator("#slope + p")).to_contain_text("% of units")
    looked_at(page, "price-product")
    page.goto(f"{url}/control-room/prices/what-if")
    page.get_by_label("Least margins").fill("20 45")
    page.keyboard.press("Enter")
    expect(page.locator("#targets tbody tr")).to_have_count(3, timeout=WORKED_OUT)
    looked_at(page, "price-what-if")
    page.goto(f"{url}/control-room/prices/model")
    expect(page.locator("#answer")).to_contain_text("has an opinion on", timeout=WORKED_OUT)
    expect(page.locator("#by-category")).to_contain_text("Garden")
    page.locator("#by-category .sort").first.press("Enter")
    expect(page.locator("#by-category th").first).to_have_attribute("aria-sort", "ascending")
    looked_at(page, "price-model")
