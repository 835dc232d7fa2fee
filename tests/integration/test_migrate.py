"""`shopkeeper migrate --to` brings a workspace to real servers, also after it was killed on the way."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from secrets import token_hex
from typing import Any

import msgspec
import pytest
from sqlalchemy import func, make_url, select

from shopkeeper.commerce.event import Event
from shopkeeper.commerce.product import Product
from shopkeeper.commerce.tables import EVENTS, PRODUCTS
from shopkeeper.engines.clickhouse_client import open_clickhouse
from shopkeeper.engines.clickhouse_comparing import compare_tables
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.engines.state import open_state
from shopkeeper.engines.state_schema import KEYED
from shopkeeper.errors import ContractNotMet
from shopkeeper.intake.keyed_rows import logged
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.wiring.moving import move_to
from shopkeeper.wiring.new_workspace import create_workspace
from shopkeeper.wiring.settings import Settings

pytestmark = pytest.mark.integration

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROWS = 40_000
DAYS = 20
SMALL_ROUNDS = "from shopkeeper.engines import clickhouse_loading as c; c._ROUND_BYTES = 1; "


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Settings:
    """A workspace with rows in the state database and in the lake, every kind of value among them."""
    made = create_workspace(tmp_path_factory.mktemp("shop") / "shop")
    shelf = [
        SourcedRow(Product(product=f"p{n}é", store="uk", price=n / 7, title=f"'{n}' \\ 漢字"), NOON)
        for n in range(ROWS)
    ]
    state = open_state(made.state_url)
    state.tables.upsert(PRODUCTS, shelf)
    state.close()
    log = SegmentLog(made.folder(made.engines.log), "test")
    log.append(PRODUCTS, [logged(row) for row in shelf[:500]])
    for day in range(DAYS):
        at = NOON.replace(day=1 + day, microsecond=day)
        rows = [
            Event(event_id=f"e{n}", ts=at, store=("uk", "Ключ-鍵'é")[n % 2], type="purchase", user=f"u{n % 7}",
                  quantity=n / 3, price=None if n % 2 else 1e-7 * n, position=n, properties={"a": [n, None, "ü"]})
            for n in range(200)
        ]  # fmt: skip
        log.append(EVENTS, [msgspec.json.encode(row) for row in rows])
    log.close()
    return made


def migrate(settings: Settings, *urls: str, before: str = "") -> subprocess.Popen[str]:
    arguments = [
        "migrate",
        *(part for url in urls for part in ("--to", url)),
        "--workspace",
        str(settings.workspace),
        "--json",
    ]
    code = f"{before}import sys; from shopkeeper.cli.main import main; sys.argv[1:] = {arguments!r}; main()"
    return subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def kill_when(process: subprocess.Popen[str], begun: Callable[[], bool]) -> None:
    """Kill a process as soon as something is true, which must come before its end."""
    while not begun():
        assert process.poll() is None, process.communicate()
        time.sleep(0.005)
    process.kill()
    process.communicate()
    assert process.returncode == -9


def finished(process: subprocess.Popen[str]) -> dict[str, Any]:
    out, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    document: dict[str, Any] = json.loads(out.splitlines()[-1])
    return {one["setting"]: one for one in document["moved"]}


def test_a_state_that_was_killed_on_the_way_to_postgres_arrives_whole(
    settings: Settings, postgres_databases: Callable[[], str]
) -> None:
    url = make_url(postgres_databases()).set(password="hush").render_as_string(hide_password=False)
    target = open_state(url)

    def count() -> int:
        with target.engine.connect() as connection:
            return int(connection.execute(select(func.count()).select_from(KEYED["products"])).scalar_one())

    kill_when(migrate(settings, url), lambda: count() > 0)
    left = count()
    assert 0 < left < ROWS
    moved = finished(migrate(settings, url))["state_url"]
    (products,) = (table for table in moved["tables"] if table["name"] == "products")
    assert (products["rows"], products["written"]) == (ROWS, ROWS - left)
    assert "hush" not in json.dumps(moved)
    target.close()


def test_a_lake_that_was_killed_on_the_way_to_clickhouse_arrives_whole(
    settings: Settings, clickhouse_over_http: str
) -> None:
    url = f"{clickhouse_over_http}/shopkeeper_test_{token_hex(6)}"
    client = open_clickhouse(url)

    def noted() -> int:
        if "_loaded_parts" not in [row[0] for row in client.query("SHOW TABLES").result_rows]:
            return 0
        return int(client.query("SELECT count() FROM _loaded_parts").result_rows[0][0])

    kill_when(migrate(settings, url, before=SMALL_ROUNDS), lambda: noted() >= 3)
    before = noted()
    moved = finished(migrate(settings, url, before=SMALL_ROUNDS))["warehouse_url"]
    tables = {table["name"]: table for table in moved["tables"]}
    assert (tables["events"]["rows"], tables["products"]["rows"]) == (DAYS * 200, 500)
    assert tables["events"]["written"] < DAYS * 200
    assert before < noted()
    assert "mirror" in moved["note"]
    client.close()


def test_a_value_that_differs_in_clickhouse_is_seen_though_the_counts_are_equal(
    settings: Settings, clickhouse_over_http: str
) -> None:
    url = f"{clickhouse_over_http}/shopkeeper_test_{token_hex(6)}"
    (moved,) = move_to(settings, [url])
    client = open_clickhouse(url)
    lake = settings.folder(settings.engines.lake)
    assert all(one.here == one.there for one in compare_tables(client, lake))
    change = "UPDATE price = price + 0.0000001 WHERE product = 'p7é'"
    client.command(f"ALTER TABLE products_rows {change} SETTINGS mutations_sync = 2")
    different = [one.name for one in compare_tables(client, lake) if one.here != one.there]
    assert different == ["products"]
    with pytest.raises(ContractNotMet, match=r"products differs .* with other content"):
        move_to(settings, [url])
    client.close()
    assert moved.setting == "warehouse_url"


def test_there_is_nothing_to_copy_to_a_cache(settings: Settings, valkey_url: str) -> None:
    (moved,) = move_to(settings, [valkey_url])
    assert (moved.setting, moved.tables) == ("cache_url", ())
    assert "Nothing to copy" in moved.note
