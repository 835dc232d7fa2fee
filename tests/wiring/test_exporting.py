"""Leaving and coming back: an export moved into a new workspace holds the same rows and gives the same answers."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest import mock

import msgspec
import numpy as np
import pytest

from shopkeeper.commerce.decision import DecisionRecord, ShadowAnswer
from shopkeeper.commerce.product import Product
from shopkeeper.commerce.tables import (
    DECISIONS,
    KEYED_TABLES,
    LOGGED_TABLES,
    PRODUCTS,
    SHADOW_ANSWERS,
    TRAFFIC_VERDICTS,
)
from shopkeeper.commerce.traffic import TrafficVerdict
from shopkeeper.engines.quarantine_files import QuarantineFiles
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.engines.state import open_state
from shopkeeper.engines.state_copy import rows_of
from shopkeeper.engines.state_schema import METADATA, SECRET
from shopkeeper.engines.stop_file import StopFile
from shopkeeper.errors import FieldProblem, InputError, UnknownStore
from shopkeeper.experiments.live_test import StopOrder
from shopkeeper.intake.keyed_rows import logged
from shopkeeper.intake.ports import RejectedRow, SourcedRow
from shopkeeper.quality.ports import NamedQuery
from shopkeeper.recommendations.request import RecommendationBody
from shopkeeper.registry.bundle import open_bundle
from shopkeeper.simulation.history import write_history
from shopkeeper.simulation.market import make_market
from shopkeeper.simulation.retailer import Scale
from shopkeeper.wiring.exporting import export_workspace
from shopkeeper.wiring.importing import import_into
from shopkeeper.wiring.new_workspace import create_workspace
from shopkeeper.wiring.parts.own_files import OwnFile, SourceMappings
from shopkeeper.wiring.parts.part import House, Part
from shopkeeper.wiring.parts.state_rows import StateRows
from shopkeeper.wiring.parts.stops import Stops
from shopkeeper.wiring.returning import bring_back
from shopkeeper.wiring.serve import open_serving
from shopkeeper.wiring.settings import Settings, load_settings
from shopkeeper.wiring.train import Asked, train_system
from shopkeeper.wiring.workspace_lake import lake_of
from shopkeeper.wiring.workspace_state import open_workspace_state

UNTIL = datetime(2026, 11, 1, tzinfo=UTC)
SEED = 5
ASKED = Asked("item-knn", seed=SEED, folds=0, ignore_quality="a test")
VIEWS = [*LOGGED_TABLES, *(f"{name}_history" for name in KEYED_TABLES)]
TITLES = ['Tea "{cup}" | 漢字', '{"en": "not a translation"}', '["x"]', '"quoted"', "two\nlines", "[bracket"]
"""Texts in a column that may also hold an object."""
SOURCES = """
[[sources]]
name = "erp"
url = "mysql://u:hunter2@h/d"
query = "SELECT 1"
table = "products"

[[sources]]
name = "till"
path = "/mnt/till"
mapping = "maps/till.yaml"
"""
OWN = {
    "metrics.yaml": "version: 1  # ours\nfigures: []\nmetrics: []\n",
    "rates.yaml": "version: 1\nreporting_currency: GBP\nrates: [{currency: EUR, since: 2026-01-01, rate: 0.85}]\n",
    "price-policy.yaml": "version: 1  # ours\n",
    "maps/till.yaml": "version: 1\ntables: []\n",
}
STOPS = (
    StopOrder(system="pricing", person="ann", reason="odd lists", at="2026-10-30T09:00:00Z"),
    StopOrder(system="pricing", store="uk", person="ben", reason="sale", at="2026-10-30T10:00:00Z"),
)
LEFT_BEHIND = ("lake/", "log/", "quarantine/", "models/", "secrets/", "state.db", "jobs.db", "shopkeeper.toml", ".imp")
"""What lies in a workspace and is not the same file in the next one; docs/guides/moving.md says why."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A simulated retailer, imported; one product was changed twice and one withdrawn."""
    folder = tmp_path_factory.mktemp("first")
    history = write_history(make_market(7, Scale(products=80, shoppers=150, days=20)), folder / "history", UNTIL)
    settings = create_workspace(folder / "shop")
    for store in history:
        import_into(settings, store.folder, store.store)
    change(settings, history[0].store)
    train_system(settings, "recommendations", ASKED, say=lambda _: None)
    own = (settings.workspace / "shopkeeper.toml").read_text().replace("[training]\n", "[training]\nbootstrap = 200\n")
    (settings.workspace / "shopkeeper.toml").write_text(own + SOURCES)
    for name, text in OWN.items():
        (settings.workspace / name).parent.mkdir(exist_ok=True)
        (settings.workspace / name).write_text(text)
    for order in STOPS:
        StopFile(settings.workspace).give(order)
    shutil.copyfile(settings.workspace / "contracts/default.yaml", settings.workspace / "contracts/uk.yaml")
    return load_settings(settings.workspace)


def change(settings: Settings, store: str) -> None:
    kept: dict[str, Any] = {"store": store, "categories": ("a > b", "c"), "attributes": {"n": 1}}
    titled = [Product(product=f"title{n}", title=text, **kept) for n, text in enumerate(TITLES)]
    rows = [
        *(SourcedRow(product, datetime(2026, 10, 1, tzinfo=UTC)) for product in titled),
        SourcedRow(Product(product="title0", store=store, title={"en": "Tea"}), datetime(2026, 10, 2, 1, 2, 3, 4, UTC)),
        SourcedRow(Product(product="gone", store=store), datetime(2026, 10, 2, tzinfo=UTC), deleted=True),
        SourcedRow(Product(product="all", title="Everywhere"), datetime(2026, 10, 2, tzinfo=UTC)),
    ]  # fmt: skip
    log = SegmentLog(settings.folder(settings.engines.log), "test")
    log.append(PRODUCTS, [logged(row) for row in rows])
    record = DecisionRecord(
        decision_id="d1", ts=UNTIL, store=store, system="recommendations", unit="ann", session=None, surface="home",
        variant="champion", model="v1", answer={"items": [{"product": "p"}]}, results=1, took_ms=1.5,
    )  # fmt: skip
    log.append(DECISIONS, [msgspec.json.encode(record)])
    shadow = ShadowAnswer(
        decision_id="d1", ts=UNTIL, store=store, system="recommendations", test="r1", version="v2", agreement=0.5,
        results=1, answer={"items": [{"product": "q"}]}, took_ms=2.5,
    )  # fmt: skip
    log.append(SHADOW_ANSWERS, [msgspec.json.encode(shadow)])
    verdict = TrafficVerdict(store=store, kind="session", subject="s1", ts=UNTIL, traffic="suspected_bot", rule="rate")
    log.append(TRAFFIC_VERDICTS, [msgspec.json.encode(verdict)])
    log.close()
    state = open_state(settings.state_url)
    state.tables.upsert(PRODUCTS, rows)
    state.keys.create(store, ("decide",), "test")
    person = state.people.add("Anna", f"anna@{store}.example", {"*": ("admin",)}, "test")
    state.people.set_password(person.person_id, "a hash", "test")
    state.sessions.begin(person.person_id, "shell", "shell:anna", datetime.now(UTC) + timedelta(hours=1))
    state.tries.note(["a try"], datetime.now(UTC), datetime.now(UTC))
    state.close()
    refused = [
        RejectedRow("products", store, "shelf.csv", n, {"price": "x"}, (FieldProblem("price", "no", "mend"),))
        for n in (1, 2)
    ]
    QuarantineFiles(settings.folder(settings.engines.quarantine)).keep(refused)


@pytest.fixture(scope="module")
def exported(shop: Settings, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("out") / "all"
    return folder, export_workspace(shop, folder).as_dict()


@pytest.fixture(scope="module")
def back(exported: tuple[Path, dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Settings:
    settings = create_workspace(tmp_path_factory.mktemp("second") / "shop")
    assert bring_back(settings, exported[0]).parts == exported[1]["parts"]
    return load_settings(settings.workspace)


def rows(settings: Settings, view: str) -> Iterator[tuple[object, ...]]:
    """Give the rows of a view in the order of their text."""
    warehouse = lake_of(settings).warehouse()
    found = warehouse.fetch(NamedQuery("all", f"SELECT * FROM {view}"))  # noqa: S608 - names of ours
    warehouse.close()
    yield from sorted(zip(*(column.tolist() for column in found.values()), strict=True), key=repr)


@pytest.mark.parametrize("view", VIEWS)
def test_every_row_comes_back_with_every_value(shop: Settings, back: Settings, view: str) -> None:
    first, second = list(rows(shop, view)), list(rows(back, view))
    assert len(first) == len(second)
    assert repr(first) == repr(second)
    assert first or view.startswith("competitor_prices")


def test_every_table_of_the_state_comes_back_but_keys_passwords_and_sign_ins(shop: Settings, back: Settings) -> None:
    first, second = open_state(shop.state_url), open_state(back.state_url)
    for table in METADATA.sorted_tables:
        ours, theirs = (list(rows_of(table, state.engine)) for state in (first, second))
        if table.name == "reports":
            assert theirs.pop()["kind"] == "import"  # the one about this import
        if table in SECRET:
            assert ours
            assert theirs == []
        else:
            assert ours == theirs, table.name
    first.close()
    second.close()


def test_contracts_settings_and_rejected_rows_come_back_without_secrets(
    shop: Settings, back: Settings, exported: tuple[Path, dict[str, Any]]
) -> None:
    for name in ("contracts/uk.yaml", "contracts/default.yaml", "objectives/recommendations.yaml"):
        assert (back.workspace / name).read_bytes() == (shop.workspace / name).read_bytes()
    assert back.training == shop.training
    assert back.training.bootstrap == 200
    assert [source.url for source in back.sources] == ["mysql://u:${PASSWORD}@h/d", None]
    assert not any(b"hunter2" in path.read_bytes() for path in exported[0].rglob("*") if path.is_file())
    kept = [QuarantineFiles(one.folder(one.engines.quarantine)).rows() for one in (shop, back)]
    assert kept[0] == kept[1]
    assert len(kept[1]) >= 2


def test_files_of_ones_own_and_stop_orders_come_back_as_they_were(shop: Settings, back: Settings) -> None:
    assert {name: (back.workspace / name).read_text() for name in OWN} == OWN
    assert [source.mapping for source in back.sources] == [None, Path("maps/till.yaml")]
    assert StopFile(back.workspace).orders() == StopFile(shop.workspace).orders() == STOPS


def test_every_file_of_the_workspace_comes_back_but_those_that_are_made_anew(shop: Settings, back: Settings) -> None:
    first, second = (
        {path.relative_to(one.workspace).as_posix(): path for path in one.workspace.rglob("*") if path.is_file()}
        for one in (shop, back)
    )
    own = {n: path for n, path in first.items() if not n.startswith(LEFT_BEHIND) and path.suffix != ".lock"}
    assert {name for name in own if name not in second or second[name].read_bytes() != own[name].read_bytes()} == set()
    assert {"objectives/recommendations.yaml", "metrics.yaml", "maps/till.yaml", "stops.json"} <= own.keys()


def test_one_store_takes_its_own_stop_orders_and_those_for_all_along_and_no_file_that_holds_all_stores(
    shop: Settings, tmp_path: Path
) -> None:
    with open_workspace_state(shop) as state:
        lake = lake_of(shop)
        parts: list[Part] = [Stops(), OwnFile("metrics.yaml"), SourceMappings()]
        for part in parts:
            part.pack(House(shop, state, lake, "de"), tmp_path)
    assert StopFile(tmp_path).orders() == STOPS[:1]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["stops.json"]


def test_a_stop_file_nobody_can_read_stops_everything_where_it_goes_too(tmp_path: Path) -> None:
    old, new = create_workspace(tmp_path / "old"), create_workspace(tmp_path / "new")
    (old.workspace / "stops.json").write_text("{oh dear")
    export_workspace(old, tmp_path / "out")
    bring_back(new, tmp_path / "out")
    (order,) = StopFile(new.workspace).orders()
    assert (order.system, order.store) == ("", "")
    assert "cannot be read" in order.reason


def test_the_same_seed_learns_the_same_model_with_the_same_metrics(shop: Settings, back: Settings) -> None:
    bundles = []
    for one in (shop, back):
        trained = train_system(one, "recommendations", ASKED, say=lambda _: None)
        bundles.append(open_bundle(one.folder(one.engines.models) / "recommendations" / trained.version))
    timed = {"latency"}  # what the machine took that time; everything else is decided by data and seed
    first, second = ({k: v for k, v in bundle.manifest.metrics.items() if k not in timed} for bundle in bundles)
    assert first == second
    arrays = [bundle.arrays for bundle in bundles]
    assert set(arrays[0]) == set(arrays[1])
    assert all(np.array_equal(arrays[0][name], arrays[1][name]) for name in arrays[0])


def test_the_same_shoppers_get_the_same_answers(shop: Settings, back: Settings) -> None:
    users = sorted({(str(row[0]), str(row[1])) for row in users_of(shop)})[::7]
    first, second = (asyncio.run(answers(one, users)) for one in (shop, back))
    assert len(users) > 10
    assert any(model is not None for model, _ in first)
    assert first == second


def users_of(settings: Settings) -> list[tuple[Any, ...]]:
    warehouse = lake_of(settings).warehouse()
    found = warehouse.fetch(NamedQuery("users", 'SELECT DISTINCT store, "user" FROM events WHERE "user" IS NOT NULL'))
    warehouse.close()
    return list(zip(*(column.tolist() for column in found.values()), strict=True))


async def answers(settings: Settings, users: list[tuple[str, str]]) -> list[tuple[str | None, Any]]:
    """Give the model and the answer for each user of a store."""
    async with open_serving(settings) as serving:
        given = [await serving.recommend(RecommendationBody(store=store, user=user, k=8)) for store, user in users]
    return [(one.model, msgspec.to_builtins(one.answer)) for one in given]


def test_the_manifest_vouches_for_every_file(exported: tuple[Path, dict[str, Any]]) -> None:
    folder, document = exported
    assert json.loads((folder / "export.json").read_text())["parts"] == document["parts"]
    named = {file["path"]: file["sha256"] for file in document["files"]}
    there = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {"export.json"}
    assert set(named) == there
    assert all(hashlib.sha256((folder / path).read_bytes()).hexdigest() == digest for path, digest in named.items())


def test_an_import_that_was_broken_off_goes_on_and_a_second_one_is_refused(
    exported: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    settings = create_workspace(tmp_path / "shop")
    state = open_state(settings.state_url)
    state.keys.create("*", ("manage",), "test")  # writes the audit's first row
    state.close()
    unpack = StateRows.unpack

    def half(self: StateRows, *arguments: Any) -> dict[str, int]:  # noqa: ANN401 - handed on
        unpack(self, *arguments)
        raise KeyboardInterrupt

    with mock.patch.object(StateRows, "unpack", half), pytest.raises(KeyboardInterrupt):
        bring_back(settings, exported[0])
    assert bring_back(settings, exported[0]).parts == exported[1]["parts"]
    state = open_state(settings.state_url)
    audit = list(rows_of(METADATA.tables["audit"], state.engine))
    state.close()
    assert len(audit) == 1 + exported[1]["parts"]["state"]["audit"]
    assert [row["number"] for row in audit] == list(range(1, len(audit) + 1))
    with pytest.raises(InputError, match="was imported on"):
        bring_back(settings, exported[0])


def test_a_workspace_that_holds_data_is_left_alone(exported: tuple[Path, dict[str, Any]], shop: Settings) -> None:
    with pytest.raises(InputError, match=r"holds data already \(.*stores"):
        bring_back(shop, exported[0])


@pytest.mark.parametrize("harm", ["changed", "missing", "added"])
def test_an_export_that_is_not_as_it_was_written_is_refused_before_anything_is_written(
    exported: tuple[Path, dict[str, Any]], tmp_path: Path, harm: str
) -> None:
    shutil.copytree(exported[0], tmp_path / "copy")
    victim = tmp_path / "copy/state/reports.jsonl"
    if harm == "changed":
        victim.write_bytes(victim.read_bytes().replace(b"import", b"inport", 1))
    elif harm == "missing":
        victim.unlink()
    else:
        (tmp_path / "copy/state/more.jsonl").write_text("{}")
    settings = create_workspace(tmp_path / "shop")
    with pytest.raises(InputError, match="not as it was written: state/"):
        bring_back(settings, tmp_path / "copy")
    assert list(rows(settings, "events")) == []


def test_a_dry_run_compares_and_writes_nothing(exported: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    settings = create_workspace(tmp_path / "shop")
    assert bring_back(settings, exported[0], only_check=True).parts == exported[1]["parts"]
    assert list(rows(settings, "events")) == []


def test_one_store_is_alone(shop: Settings, tmp_path: Path) -> None:
    state = open_state(shop.state_url)
    chosen = sorted(row.row.store for row in state.tables.scan(next(iter(KEYED_TABLES.values()))))[0]  # type: ignore[attr-defined]  # stores
    state.close()
    export_workspace(shop, tmp_path / "one", chosen)
    alone = create_workspace(tmp_path / "alone")
    bring_back(alone, tmp_path / "one")
    assert {row[2] for row in rows(alone, "events")} == {chosen}
    with_store = NamedQuery("stores", "SELECT DISTINCT store FROM products ORDER BY store")
    warehouse = lake_of(alone).warehouse()
    assert warehouse.fetch(with_store)["store"].tolist() == ["", chosen]
    warehouse.close()
    with pytest.raises(UnknownStore):
        export_workspace(shop, tmp_path / "none", "nowhere")


def test_a_folder_that_holds_something_is_left_alone(shop: Settings, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(InputError, match="not an empty folder"):
        export_workspace(shop, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]
