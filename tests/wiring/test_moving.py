"""Moving the state database: nothing is lost, a broken copy goes on, a difference is named."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import delete, func, insert, select, update

from shopkeeper.commerce.product import Product
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import PRODUCTS, STORES
from shopkeeper.engines.running_marks import marked_as_running, running_processes
from shopkeeper.engines.state import open_state
from shopkeeper.engines.state_copy import copy_state, digest
from shopkeeper.engines.state_schema import API_KEYS, HEAD, KEYED, METADATA, REPORTS
from shopkeeper.errors import ContractNotMet, InputError
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.registry.ports import ModelVersion
from shopkeeper.wiring.moving import Moved, move_to, upgrade_state
from shopkeeper.wiring.settings import Settings

NOW = datetime(2026, 11, 1, tzinfo=UTC)
ROWS = 5_000


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A workspace whose state database holds something of everything."""
    chosen = Settings(workspace=tmp_path)
    state = open_state(chosen.state_url)
    state.tables.upsert(STORES, [SourcedRow(Store(store="uk"), NOW)])
    shelf = [
        SourcedRow(Product(product=f"p{n}é", store="uk", price=n / 7), NOW, deleted=n % 9 == 0) for n in range(ROWS)
    ]
    state.tables.upsert(PRODUCTS, shelf)
    version = ModelVersion("recommendations", "v1", "popular", "recommendations/v1", NOW, True, {"hr": 0.1}, "f")
    state.registry.register(version)
    state.registry.point("recommendations", "champion", "v1", "test", "first")
    state.keys.create("uk", ("events", "decide"), "test")
    state.reports.save("check", {"status": "pass"}, "uk")
    state.close()
    return chosen


def move(settings: Settings, target: str) -> Moved:
    (moved,) = move_to(settings, [target])
    return moved


def url(tmp_path: Path, name: str = "moved.db") -> str:
    return f"sqlite:///{tmp_path / name}"


def test_every_table_arrives_whole_and_serves(settings: Settings, tmp_path: Path) -> None:
    moved = move(settings, url(tmp_path))
    by_name = {table.name: table for table in moved.tables}
    assert set(by_name) == set(METADATA.tables)
    assert (by_name["products"].rows, by_name["products"].written) == (ROWS, ROWS)
    target = open_state(url(tmp_path))
    assert target.registry.pointer("recommendations", "champion") == "v1"
    assert target.tables.count(PRODUCTS, "uk") == ROWS - len(range(0, ROWS, 9))
    assert target.reports.save("check", {}, "uk") == 2  # numbering goes on after the copied rows
    target.close()


def test_a_copy_broken_off_goes_on_and_one_that_was_done_adds_nothing(settings: Settings, tmp_path: Path) -> None:
    move(settings, url(tmp_path))
    target = open_state(url(tmp_path))
    with target.engine.begin() as connection:
        connection.execute(delete(KEYED["products"]).where(KEYED["products"].c.product > "p2"))
        left = connection.execute(select(func.count()).select_from(KEYED["products"])).scalar_one()
        connection.execute(delete(API_KEYS))
    target.close()
    again = {table.name: table for table in move(settings, url(tmp_path)).tables}
    assert (again["products"].rows, again["products"].written) == (ROWS, ROWS - left)
    assert again["api_keys"].written == 1
    third = move(settings, url(tmp_path))
    assert sum(table.written for table in third.tables) == 0


def test_a_target_with_other_content_is_named(settings: Settings, tmp_path: Path) -> None:
    move(settings, url(tmp_path))
    target = open_state(url(tmp_path))
    with target.engine.begin() as connection:
        changed = update(KEYED["products"]).where(KEYED["products"].c.product == "p1é")
        connection.execute(changed.values(body='{"product":"p1"}'))
    with pytest.raises(ContractNotMet, match=r"products differs .* with other content"):
        move(settings, url(tmp_path))
    target.close()


def test_a_target_with_rows_of_its_own_is_named(settings: Settings, tmp_path: Path) -> None:
    target = open_state(url(tmp_path))
    for number in range(3):
        target.reports.save("check", {"n": number})
    target.close()
    with pytest.raises(ContractNotMet, match=r"reports differs .*: 1 rows here, 3 there"):
        move(settings, url(tmp_path))


def test_the_workspace_cannot_be_moved_into_itself(settings: Settings) -> None:
    with pytest.raises(InputError, match="own state database"):
        move(settings, "sqlite:///state.db")


def test_a_checksum_does_not_depend_on_order_and_sees_each_value(tmp_path: Path) -> None:
    first, second = open_state(url(tmp_path, "a.db")), open_state(url(tmp_path, "b.db"))
    rows = [{"number": n, "kind": "k", "store": None, "created_micros": n, "body": "{}"} for n in (1, 2)]
    for state, given in ((first, rows), (second, rows[::-1])):
        with state.engine.begin() as connection:
            connection.execute(insert(REPORTS), given)
    assert digest(REPORTS, first.engine) == digest(REPORTS, second.engine)
    with second.engine.begin() as connection:
        connection.execute(update(REPORTS).where(REPORTS.c.number == 1).values(store=""))
    assert digest(REPORTS, first.engine) != digest(REPORTS, second.engine)
    assert digest(REPORTS, first.engine).rows == digest(REPORTS, second.engine).rows
    with pytest.raises(ContractNotMet):
        copy_state(first.engine, second.engine)
    first.close()
    second.close()


def test_a_database_is_brought_to_the_newest_revision_and_it_says_so(tmp_path: Path) -> None:
    settings = Settings(workspace=tmp_path)
    first, again = upgrade_state(settings), upgrade_state(settings)
    assert ((first.before, first.after), (again.before, again.after)) == ((None, HEAD), (HEAD, HEAD))


def test_each_url_is_told_apart_by_its_scheme_and_each_role_is_named_once(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="of no engine"):
        move(settings, "mysql://host/db")
    with pytest.raises(InputError, match=r"Two URLs are for engines\.state_url"):
        move_to(settings, [url(tmp_path, "a.db"), url(tmp_path, "b.db")])
    assert not (tmp_path / "a.db").exists()


def test_a_password_is_never_told(settings: Settings) -> None:
    with pytest.raises(InputError) as caught:
        move(settings, "mysql://user:hunter2@host/db")
    assert "hunter2" not in str(caught.value)


def test_while_a_server_runs_the_state_stays_where_it_is(settings: Settings, tmp_path: Path) -> None:
    with marked_as_running(settings.folder(settings.engines.log)), pytest.raises(ContractNotMet, match="1 process"):
        move(settings, url(tmp_path))
    assert move(settings, url(tmp_path)).setting == "state_url"


def test_a_mark_of_a_killed_server_counts_for_nothing(tmp_path: Path) -> None:
    (tmp_path / "serve-1-x.running").touch()
    assert running_processes(tmp_path) == 0
    assert list(tmp_path.iterdir()) == []
