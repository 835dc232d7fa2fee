"""Everybody's list as a file: who is in it, what is in it, and that it is what the server answers."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import pytest
from msgspec.structs import replace
from typer.testing import CliRunner

from shopkeeper.cli.main import build
from shopkeeper.commerce.consent import FULL_CONSENT, Consent
from shopkeeper.commerce.event import Event
from shopkeeper.commerce.product import Product
from shopkeeper.commerce.shopper import Shopper, User
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import EVENTS, PRODUCTS, STORES, USERS, TableSchema
from shopkeeper.engines.durable_files import held_lock
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.engines.state import open_state
from shopkeeper.errors import InputError, UnknownModel, UnknownStore
from shopkeeper.intake.keyed_rows import logged
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.quality.ports import NamedQuery
from shopkeeper.recommendations.catalogue.trending import Trending
from shopkeeper.recommendations.catalogue.trending_seed import seed_trending
from shopkeeper.recommendations.request import RecommendationBody, RecommendationRequest
from shopkeeper.recommendations.rules.merchandising import RuleSet, read_rules
from shopkeeper.recommendations.system import RecommendationSystem
from shopkeeper.registry.bundle import open_bundle
from shopkeeper.serving.catalogue import Catalogue
from shopkeeper.serving.live_tables import HELD_TABLES
from shopkeeper.simulation.history import write_history
from shopkeeper.simulation.market import make_market
from shopkeeper.simulation.retailer import Scale
from shopkeeper.wiring.batch_recommendations import export_recommendations
from shopkeeper.wiring.importing import import_into
from shopkeeper.wiring.new_workspace import create_workspace
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.train import Asked, train_system
from shopkeeper.wiring.workspace_lake import lake_of

UNTIL = datetime(2026, 11, 1, tzinfo=UTC)
ASKED = Asked("item-knn", folds=0, ignore_quality="a test")
ROWS = "FROM '{}' SELECT store, user, rank, product, score"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, str]:
    """A simulated retailer with a model; one user refuses, one never came, one product is sold out."""
    folder = tmp_path_factory.mktemp("batch")
    history = write_history(make_market(7, Scale(products=80, shoppers=150, days=20)), folder / "history", UNTIL)
    settings = create_workspace(folder / "shop")
    for store in history:
        import_into(settings, store.folder, store.store)
    first = history[0].store
    refusing = seen_users(settings, first)[0]
    put(settings, USERS, User(user=refusing, store=first, consent=Consent(personalise=False)))
    put(settings, USERS, User(user="never came", store=first))
    put(settings, PRODUCTS, Product(product="gone", store=first, stock=0.0))
    train_system(settings, "recommendations", ASKED, say=lambda _: None)
    return settings, first


def put(settings: Settings, table: TableSchema, row: User | Product | Store) -> None:
    """Take one row in, as the server does: into the log, then into the state."""
    sourced = SourcedRow(row, datetime(2030, 1, 1, tzinfo=UTC))  # later than the import
    log = SegmentLog(settings.folder(settings.engines.log), "test")
    log.append(table, [logged(sourced)])
    log.close()
    state = open_state(settings.state_url)
    state.tables.upsert(table, [sourced])
    state.close()


def seen_users(settings: Settings, store: str) -> list[str]:
    """Return the users seen in a store."""
    lake = lake_of(settings)
    lake.compact()
    query = NamedQuery("seen", """SELECT DISTINCT "user" AS name FROM events WHERE store = $store ORDER BY name""")
    names = lake.warehouse().fetch(query, store=store)["name"].tolist()
    return [name for name in names if name]


def rows_of(file: Path) -> list[tuple[Any, ...]]:
    return duckdb.execute(ROWS.format(file)).fetchall()


@pytest.fixture(scope="module")
def written(shop: tuple[Settings, str], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """Lists of ten, several shards long, computed in a loop."""
    settings, store = shop
    alone = settings.model_copy(update={"engines": settings.engines.model_copy(update={"shard_workers": 1})})
    file = tmp_path_factory.mktemp("lists") / "lists.parquet"
    return file, export_recommendations(alone, store, 10, file, now=UNTIL, per_shard=40).as_dict()


def test_every_user_who_allows_it_has_a_list(shop: tuple[Settings, str], written: tuple[Path, dict[str, Any]]) -> None:
    file, done = written
    settings, store = shop
    rows = rows_of(file)
    users = list(dict.fromkeys(user for _, user, *_ in rows))
    refusing = seen_users(settings, store)[0]
    assert {row[0] for row in rows} == {store}
    assert users == sorted(users)
    assert refusing not in users
    assert "never came" in users
    assert 1 <= len(set(seen_users(settings, store)) - set(users)) <= done["refused"] < len(users)
    assert done["users"] == len(users)
    assert done["rows"] == len(rows) == 10 * len(users)
    assert [rank for _, _, rank, *_ in rows] == [*range(1, 11)] * len(users)


def test_a_list_is_what_the_server_answers(shop: tuple[Settings, str], written: tuple[Path, dict[str, Any]]) -> None:
    settings, store = shop
    system, group = serving(settings, store)
    expected, scores = [], []
    users = list(dict.fromkeys(row[1] for row in rows_of(written[0])))
    for user in users:
        body = RecommendationBody(store=store, user=user, k=10)
        answer = system.answer(RecommendationRequest(body, Shopper(group, user=user), FULL_CONSENT, UNTIL))
        expected += [(user, item.product) for item in answer.items]
        scores += [item.score for item in answer.items]
    assert [(row[1], row[3]) for row in rows_of(written[0])] == expected
    assert [row[4] for row in rows_of(written[0])] == pytest.approx(scores, rel=1e-12)
    assert 0 < written[1]["one_by_one"] < len(users)


def serving(settings: Settings, store: str) -> tuple[RecommendationSystem, str]:
    """Return the system as the server makes it at start, and the customer group of a store."""
    catalogue, trending = Catalogue(), Trending()
    state = open_state(settings.state_url)
    for table in HELD_TABLES:
        catalogue.apply(state.tables.scan(table, with_deleted=True))
    version = state.registry.pointer("recommendations", "champion")
    assert version is not None
    bundle = open_bundle(
        settings.folder(settings.engines.models) / state.registry.get("recommendations", version).folder
    )
    state.close()
    warehouse = lake_of(settings).warehouse()
    seed_trending(trending, warehouse, catalogue, UNTIL)
    warehouse.close()
    system = RecommendationSystem(catalogue, trending)
    system.load(bundle)
    return system, catalogue.group(store)


def test_lists_for_email_are_of_who_allows_it_and_obey_the_rules_of_that_surface(
    shop: tuple[Settings, str], written: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    settings, store = shop
    silent = written[1]["users"] and rows_of(written[0])[0][1]
    put(settings, USERS, User(user=silent, store=store, consent=Consent(personalise=True, email=False)))
    top = Counter(row[3] for row in rows_of(written[0])).most_common(1)[0][0]
    rule = {"do": "exclude", "name": "not in mails", "where": {"products": [top]}, "when": {"surfaces": ["email"]}}
    state = open_state(settings.state_url)
    held = state.rules.put(RuleSet(store=store, rules=read_rules([rule]), who="test", why="a test"))
    file = tmp_path / "mails.parquet"
    done = export_recommendations(settings, store, 10, file, now=UNTIL, surface="email")
    state.rules.put(replace(held, rules=()))
    state.close()
    assert done.users == written[1]["users"] - 1
    assert silent not in {row[1] for row in rows_of(file)}
    assert top not in {row[3] for row in rows_of(file)}
    assert len(rows_of(file)) == done.rows == 10 * done.users


@pytest.mark.parametrize("name", ["lists.csv", "lists.jsonl"])
def test_every_format_has_the_same_rows(
    shop: tuple[Settings, str], written: tuple[Path, dict[str, Any]], tmp_path: Path, name: str
) -> None:
    file = tmp_path / name
    file.write_text("what was there before")
    export_recommendations(shop[0], shop[1], 10, file, now=UNTIL)
    assert rows_of(file) == rows_of(written[0])
    assert [path.name for path in tmp_path.iterdir()] == [name]


def test_lists_of_the_night_are_kept_from_erasures_from_before_users_are_read_until_they_are_written(
    shop: tuple[Settings, str],
) -> None:
    settings, store = shop
    folder = settings.folder(settings.engines.lists)
    folder.mkdir()
    free: list[bool] = []

    def look(_: str) -> None:
        with held_lock(folder / f".{store}.parquet.lock", wait=False) as mine:
            free.append(mine)

    export_recommendations(settings, store, 3, folder / f"{store}.parquet", now=UNTIL, say=look)
    assert set(free) == {False}
    look("")
    assert free[-1]


def test_the_verb_writes_lists_and_says_how_many(shop: tuple[Settings, str], tmp_path: Path) -> None:
    file = tmp_path / "mine.jsonl"
    call = ["export", "recommendations", "--store", shop[1], "--k", "3", "--out", str(file)]
    done = CliRunner().invoke(build(), [*call, "--workspace", str(shop[0].workspace), "--json"])
    assert done.exit_code == 0, done.output
    document = json.loads(done.stdout.splitlines()[-1])
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert document["rows"] == len(lines) == 3 * document["users"]
    assert list(lines[0]) == ["store", "user", "rank", "product", "score"]


@pytest.mark.parametrize(
    ("call", "named"),
    [
        ({"k": 0}, "0 products"),
        ({"out": Path("lists.xlsx")}, "no known format"),
        ({"out": Path("nowhere/lists.csv")}, "no folder"),
    ],
)
def test_bad_input_is_named_before_any_work(shop: tuple[Settings, str], call: dict[str, Any], named: str) -> None:
    with pytest.raises(InputError, match=named):
        export_recommendations(shop[0], **{"store": shop[1], "k": 10, "out": Path("lists.csv"), **call})


def test_an_unknown_store_is_named(shop: tuple[Settings, str], tmp_path: Path) -> None:
    with pytest.raises(UnknownStore, match="nowhere"):
        export_recommendations(shop[0], "nowhere", 10, tmp_path / "lists.csv")
    assert list(tmp_path.iterdir()) == []


def test_without_a_model_it_is_said_how_to_get_one(shop: tuple[Settings, str], tmp_path: Path) -> None:
    settings = create_workspace(tmp_path / "new")
    put(settings, STORES, Store(store="uk"))
    with pytest.raises(UnknownModel, match="shopkeeper train"):
        export_recommendations(settings, "uk", 10, tmp_path / "lists.csv")


@pytest.mark.parametrize("call", [["export"], ["export", "--all", "x", "recommendations", "--store", "uk"]])
def test_an_export_of_nothing_or_of_two_things_is_refused(call: list[str]) -> None:
    with pytest.raises(InputError):
        CliRunner().invoke(build(), call, catch_exceptions=False)


def test_what_a_user_refused_long_ago_is_not_in_what_is_written(
    shop: tuple[Settings, str], written: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    """The last test here, as the refusal stays in the log."""
    settings, store = shop
    _, user, _, refused, _ = rows_of(written[0])[-10]
    event = Event(
        event_id="away", ts=UNTIL - timedelta(days=9), store=store, type="dismiss", product=refused, user=user
    )  # fmt: skip
    log = SegmentLog(settings.folder(settings.engines.log), "test")
    log.append(EVENTS, [msgspec.json.encode(event)])
    log.close()
    file = tmp_path / "lists.parquet"
    export_recommendations(settings, store, 10, file, now=UNTIL)
    lists = [{row[3] for row in rows_of(one) if row[1] == user} for one in (written[0], file)]
    assert [refused in products for products in lists] == [True, False]
    assert len(lists[1]) == 10
