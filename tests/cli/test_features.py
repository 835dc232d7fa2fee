"""`shopkeeper features` sums, lists and shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from shopkeeper.cli import features
from shopkeeper.errors import InputError, NotEnoughData, UnknownStore
from shopkeeper.features.definitions import FEATURES
from shopkeeper.wiring.importing import import_into
from shopkeeper.wiring.new_workspace import create_workspace
from shopkeeper.wiring.settings import load_settings

BOUGHT = 1_700_000_000  # 2023-11-14 22:13:20 UTC


def run(*arguments: str) -> dict[str, Any]:
    app = typer.Typer()
    features.register(app)
    result = CliRunner().invoke(app, ["features", *arguments, "--json"], catch_exceptions=False, standalone_mode=False)
    document: dict[str, Any] = json.loads(result.stdout.splitlines()[-1])
    return document


@pytest.fixture
def workspace(tmp_path: Path) -> str:
    create_workspace(tmp_path / "shop")
    (tmp_path / "export").mkdir()
    row = {"ts": BOUGHT, "type": "purchase", "product": "lamp", "user": "ann", "price": 2, "quantity": 3}
    (tmp_path / "export/events.jsonl").write_text(json.dumps(row))
    import_into(load_settings(tmp_path / "shop"), tmp_path / "export", "uk")
    return str(tmp_path / "shop")


def test_a_refresh_sums_each_day_once(workspace: str) -> None:
    first = run("refresh", "--workspace", workspace, "--at", "2023-11-20")
    assert (first["days_done"], first["rows"]) == (1, {"user": 1, "product": 1, "store_product": 1})
    again = run("refresh", "--workspace", workspace, "--at", "2023-11-20", "--no-tables")
    assert (again["days_done"], again["rows"]) == (0, {})


def test_show_says_what_was_known_at_a_moment(workspace: str) -> None:
    shown = run("show", "user", "ann", "--store", "uk", "--workspace", workspace, "--at", "2023-11-14T22:13:21")
    assert shown["scope"] == "uk"
    assert shown["features"]["user_purchase_revenue_30d"] == 2 * 3
    assert shown["features"]["user_last_purchase_age"] == pytest.approx(1 / 86_400)
    with pytest.raises(NotEnoughData, match="no event in the 90 days"):
        run("show", "user", "ann", "--store", "uk", "--workspace", workspace, "--at", "2023-11-14T22:13:20")


def test_list_names_every_feature_with_unit_and_formula() -> None:
    listed = run("list")["features"]
    assert [one["name"] for one in listed] == [feature.name for feature in FEATURES]
    assert all(one["unit"] and one["formula"] for one in listed)
    assert {one["entity"] for one in run("list", "--entity", "session")["features"]} == {"session"}


def test_what_does_not_name_anything_is_refused_with_what_would(workspace: str) -> None:
    with pytest.raises(InputError, match="'shop' is no kind of entity"):
        run("show", "shop", "x", "--store", "uk", "--workspace", workspace)
    with pytest.raises(InputError, match="user_id and product"):
        run("show", "user_product", "ann", "--store", "uk", "--workspace", workspace)
    with pytest.raises(UnknownStore, match="fr"):
        run("show", "user", "ann", "--store", "fr", "--workspace", workspace)
