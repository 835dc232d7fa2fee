"""`shopkeeper monitor drift` compares the newest weeks of a real workspace with what its champion was trained on."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from shopkeeper.cli import monitor
from shopkeeper.commerce.event import Event
from shopkeeper.commerce.tables import EVENTS
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.engines.state import open_state
from shopkeeper.errors import ConfigError, ContractNotMet, InputError
from shopkeeper.monitoring.reference import FILE
from shopkeeper.registry.bundle import BundleContent, write_bundle
from shopkeeper.registry.ports import ModelVersion
from shopkeeper.wiring.drift import drift_reference
from shopkeeper.wiring.importing import import_into
from shopkeeper.wiring.new_workspace import create_workspace
from shopkeeper.wiring.settings import Settings, load_settings

TRAINED = datetime(2026, 3, 2, tzinfo=UTC)
SHELVES = ("home", "garden", "toys")


def shop_week(
    draw: np.random.Generator, begin: datetime, wanted: Sequence[float], *, priced: bool = True
) -> list[Event]:
    """Return a week of 300 visits, each of one shopper who looks at two products and may buy the second."""
    events = []
    for visit in range(300):
        at = begin + timedelta(seconds=float(draw.uniform(0, 7 * 86_400 - 200)))
        shelf, name = draw.choice(SHELVES, p=wanted), f"{begin:%m%d}-{visit}"
        for number in range(3 if draw.random() < 0.7 else 2):
            kind: Any = "purchase" if number == 2 else "view"
            bought = kind == "purchase"
            events.append(
                Event(
                    event_id=f"{name}-{number}", ts=at + timedelta(seconds=30 * number), store="uk", type=kind,
                    user=name, session=name, product=f"{shelf}-{draw.integers(0, 5)}", quantity=1 if bought else None,
                    price=9.0 if bought and priced else None,
                )
            )  # fmt: skip
    return events


def take(folder: Path, events: Sequence[Event]) -> None:
    log = SegmentLog(folder / "log", "test")
    log.append(EVENTS, [msgspec.json.encode(event) for event in events])
    log.close()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop with five weeks of history and a champion trained after them, its reference beside it."""
    tmp_path = tmp_path_factory.mktemp("trained")
    folder = tmp_path / "shop"
    settings = create_workspace(folder)
    export = tmp_path / "export"
    export.mkdir()
    products = [
        {"product": f"{shelf}-{n}", "title": shelf, "categories": [shelf]} for shelf in SHELVES for n in range(5)
    ]
    (export / "products.jsonl").write_text("\n".join(map(json.dumps, products)))
    import_into(settings, export, "uk")
    draw = np.random.default_rng(5)
    for week in range(-5, 0):
        take(folder, shop_week(draw, TRAINED + timedelta(weeks=week), (0.6, 0.3, 0.1)))
    Lake(folder / "log", folder / "lake").compact()
    content = BundleContent("recommendations", "popular", "0", {}, 1, "f" * 8, {}, {"scores": np.arange(3.0)})
    manifest = write_bundle(folder / "models", content, TRAINED)
    place = f"recommendations/{manifest.version}"
    (folder / "models" / place / FILE).write_bytes(drift_reference(settings, "recommendations", TRAINED).encode())
    state = open_state(settings.state_url)
    state.registry.register(
        ModelVersion("recommendations", manifest.version, "popular", place, TRAINED, True, {}, manifest.fingerprint)
    )
    state.registry.point("recommendations", "champion", manifest.version, "test", "first")
    state.close()
    return folder


@pytest.fixture
def workspace(trained: Path, tmp_path: Path) -> Path:
    """The trained shop, to go on with."""
    return shutil.copytree(trained, tmp_path / "shop")


def run(workspace: Path, at: datetime, *arguments: str) -> tuple[dict[str, Any], Exception | None]:
    app = typer.Typer()
    monitor.register(app)
    asked = ["monitor", "drift", "--workspace", str(workspace), "--at", f"{at:%Y-%m-%d}", "--json", *arguments]
    result = CliRunner().invoke(app, asked, standalone_mode=False)
    said = result.stdout.splitlines()
    error = result.exception if isinstance(result.exception, Exception) else None
    return (json.loads(said[-1]) if said else {}), error


def later(workspace: Path, *weeks: Any) -> datetime:  # noqa: ANN401 - keywords of shop_week
    draw = np.random.default_rng(6)
    for place, week in enumerate(weeks):
        take(workspace, shop_week(draw, TRAINED + timedelta(weeks=place), **week))
    return TRAINED + timedelta(weeks=len(weeks))


def verdicts(document: dict[str, Any], verdict: str) -> set[str]:
    return {one["name"] for one in document["features"] if one["verdict"] == verdict}


def test_weeks_like_those_before_are_no_drift_and_the_report_is_kept(workspace: Path) -> None:
    same = {"wanted": (0.6, 0.3, 0.1)}
    document, error = run(workspace, later(workspace, same, same))
    assert error is None
    assert document["verdict"] == "no drift"
    assert document["reference"] == {"first": "2026-02-02", "last": "2026-03-01"}
    assert {"demand_product", "visit_purchase", "session_views_1d", "user_views_1d"} <= verdicts(document, "same")
    assert "user_views_90d" in verdicts(document, "insufficient data")
    state = open_state(load_settings(workspace).state_url)
    assert [one.body["verdict"] for one in state.reports.latest("drift")] == ["no drift"]
    state.close()


def test_shoppers_who_want_other_things_end_with_a_limit_not_met(workspace: Path) -> None:
    turned = {"wanted": (0.1, 0.3, 0.6)}
    document, error = run(workspace, later(workspace, turned, turned))
    assert document["verdict"] == "drift"
    assert {"demand_product", "demand_category"} <= verdicts(document, "drift")
    assert isinstance(error, ContractNotMet)
    assert "shopkeeper train recommendations" in str(error)


def test_purchases_without_prices_are_a_broken_feed_and_no_taste(workspace: Path) -> None:
    same = {"wanted": (0.6, 0.3, 0.1)}
    document, error = run(workspace, later(workspace, same, {**same, "priced": False}))
    assert document["verdict"] == "broken feed"
    assert [(one["source"], one["days"]) for one in document["feeds"]] == [("purchase.price", 7)]
    assert verdicts(document, "drift") == set()
    assert isinstance(error, ContractNotMet)
    assert "purchase.price in uk" in str(error)


def test_a_version_from_before_references_is_compared_with_the_weeks_before_it(workspace: Path) -> None:
    (stored,) = workspace.glob(f"models/recommendations/*/{FILE}")
    known = stored.read_bytes()
    stored.unlink()
    same = {"wanted": (0.6, 0.3, 0.1)}
    document, _ = run(workspace, later(workspace, same, same))
    assert document["verdict"] == "no drift"
    assert "has no drift reference" in document["notes"][0]
    assert document["reference"]["last"] == msgspec.json.decode(known)["last"]


def test_where_nothing_came_at_all_there_is_no_evidence(workspace: Path) -> None:
    """A shop that imports once a month is silent in between; how old data may be is for the data quality check."""
    document, error = run(workspace, TRAINED + timedelta(weeks=9))
    assert (document["verdict"], error) == ("insufficient data", None)
    assert verdicts(document, "insufficient data") == {one["name"] for one in document["features"]}
    assert "no event of uk came since 2026-04-27" in document["notes"][0]


def test_a_system_that_does_not_serve_or_does_not_exist_is_bad_input(workspace: Path) -> None:
    _, error = run(workspace, TRAINED, "--system", "pricing")
    assert isinstance(error, InputError)
    assert "No version of pricing serves" in str(error)
    _, error = run(workspace, TRAINED, "--system", "recomendations")
    assert isinstance(error, ConfigError)
    assert "Did you mean `recommendations`" in str(error)


def test_limits_are_those_of_the_objective(workspace: Path) -> None:
    settings: Settings = load_settings(workspace)
    path = settings.workspace / "objectives/recommendations.yaml"
    path.write_text(path.read_text().replace("psi: 0.2", "psi: 5.0"))
    turned = {"wanted": (0.1, 0.3, 0.6)}
    document, error = run(workspace, later(workspace, turned, turned))
    assert (document["verdict"], error) == ("no drift", None)
