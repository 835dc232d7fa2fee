"""After `forget`, no byte of the workspace names the person, and everybody else is as before."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest
from tests.engines.test_night_lists import export

from shopkeeper.commerce.tables import EVENTS
from shopkeeper.engines.running_marks import marked_as_running
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.errors import ContractNotMet, UnknownStore
from shopkeeper.quality.ports import NamedQuery
from shopkeeper.wiring.checking import check_workspace
from shopkeeper.wiring.features import refresh_features
from shopkeeper.wiring.forgetting import forget_person
from shopkeeper.wiring.importing import import_into
from shopkeeper.wiring.new_workspace import create_workspace
from shopkeeper.wiring.settings import Settings, load_settings
from shopkeeper.wiring.workspace_lake import lake_of

USER, DEVICE, SESSION = "zz-unmistakable-user", "zz-unmistakable-device", "zz-unmistakable-session"

ACTS: list[tuple[str, dict[str, str]]] = [
    *[("view", {"visitor": DEVICE, "session": SESSION, "ip": "198.51.100.77"})] * 20,
    *[("cart", {"visitor": DEVICE, "session": SESSION, "user": USER})] * 20,
    *[("view", {"visitor": "other-device", "user": "other-user"})] * 40,
]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A workspace with everything a person may leave: events, orders, a record, rejects, features, lists, a check."""
    source = tmp_path_factory.mktemp("source")
    events = [
        {"event_id": f"e{n}", "ts": f"2026-03-{1 + n % 20:02d}T10:00:00Z", "type": kind, "product": f"p{n % 7}", **who}
        for n, (kind, who) in enumerate(ACTS)
    ]
    events.append({"type": "dance", "user": USER, "ts": "2026-03-01"})
    orders = [
        {"order_id": f"o{n}", "ts": "2026-03-02T10:00:00Z", "user": who, "revenue": 5}
        for n, who in enumerate([USER, "other-user"])
    ]
    people = [{"user": USER}, {"user": "other-user"}]
    tables: dict[str, Sequence[object]] = {"events": events, "orders": orders, "users": people}
    for name, rows in tables.items():
        (source / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    settings = create_workspace(tmp_path_factory.mktemp("filled") / "shop")
    import_into(settings, source, "uk")
    check_workspace(settings)
    refresh_features(settings)
    export(settings.folder(settings.engines.lists), {USER: [("p1", 2.0)], "other-user": [("p2", 1.0)]})
    return settings.workspace


@pytest.fixture
def settings(filled: Path, tmp_path: Path) -> Settings:
    """A copy of it."""
    return load_settings(shutil.copytree(filled, tmp_path / "shop"))


def naming(settings: Settings, *words: str) -> list[str]:
    """Return the files of the workspace that hold one of the words."""
    files = [path for path in settings.workspace.rglob("*") if path.is_file()]
    return [str(path) for path in files if any(word.encode() in path.read_bytes() for word in words)]


def test_no_byte_of_the_workspace_names_the_person_any_more(settings: Settings) -> None:
    assert naming(settings, USER)
    erased = forget_person(settings, "uk", USER)
    assert naming(settings, USER, DEVICE, SESSION) == []
    assert (erased["events"], erased["current_users"], erased["current_orders"]) == (40, 1, 1)
    assert (erased["quarantine"], erased["lists"]) == (1, 1)
    assert naming(settings, "other-user")
    lake = lake_of(settings)
    warehouse = lake.warehouse()
    left = warehouse.fetch(NamedQuery("test", 'SELECT "user" AS u, count(*) AS n FROM events GROUP BY "user"'))
    warehouse.close()
    assert (left["u"].tolist(), left["n"].tolist()) == (["other-user"], [40])


def test_no_byte_of_the_workspace_ever_held_the_address(settings: Settings) -> None:
    assert naming(settings, "198.51.100.77") == []


def test_forgetting_twice_or_nobody_erases_nothing(settings: Settings) -> None:
    forget_person(settings, "uk", USER)
    again = forget_person(settings, "uk", USER)
    assert {name: count for name, count in again.items() if count and name != "features"} == {}


def test_a_store_nobody_declared_is_named(settings: Settings) -> None:
    with pytest.raises(UnknownStore, match="nowhere"):
        forget_person(settings, "nowhere", USER)


def test_while_a_process_writes_it_says_that_not_all_is_gone(settings: Settings) -> None:
    writer = SegmentLog(settings.folder(settings.engines.log), "serve-1")
    writer.append(EVENTS, [b'{"event_id":"x","ts":"2026-03-03T10:00:00Z","store":"uk","type":"search"}'])
    try:
        with pytest.raises(ContractNotMet, match="1 process"):
            forget_person(settings, "uk", USER)
    finally:
        writer.close()


def test_while_a_server_runs_that_may_hold_the_profile_it_says_that_not_all_is_gone(settings: Settings) -> None:
    with marked_as_running(settings.folder(settings.engines.log)), pytest.raises(ContractNotMet, match="1 process"):
        forget_person(settings, "uk", USER)
