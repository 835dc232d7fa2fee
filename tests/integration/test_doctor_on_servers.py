"""The doctor names version, clock and rights of real servers, and how far the mirror is behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from secrets import token_hex

import msgspec
import pytest
import redis
from sqlalchemy import create_engine, make_url, text

from shopkeeper.commerce.event import Event
from shopkeeper.commerce.tables import EVENTS
from shopkeeper.engines.clickhouse_client import open_clickhouse
from shopkeeper.engines.clickhouse_loading import ClickHouseData
from shopkeeper.engines.lake import Lake
from shopkeeper.engines.segment_log import SegmentLog
from shopkeeper.engines.state import open_state
from shopkeeper.wiring.doctor.finding import Finding
from shopkeeper.wiring.doctor.servers import about_servers

pytestmark = pytest.mark.integration


def findings(urls: Mapping[str, str], lake: Path) -> dict[str, Finding]:
    return {one.name: one for one in about_servers(urls, lake)}


def test_postgres_says_what_it_is_and_what_its_user_may_not_do(
    postgres_databases: Callable[[], str], tmp_path: Path
) -> None:
    url = postgres_databases()
    open_state(url).close()
    well = findings({"state_url": url}, tmp_path)["engine.state_url"]
    assert (well.status, "PostgreSQL 1" in well.what, "clock" in well.what) == ("pass", True, True)
    role = f"reader_{token_hex(4)}"
    admin = create_engine(url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE ROLE {role} LOGIN PASSWORD 'hunter2'"))
        connection.execute(text("REVOKE CREATE ON SCHEMA public FROM PUBLIC"))
        reader = make_url(url).set(username=role, password="hunter2").render_as_string(hide_password=False)
        found = findings({"state_url": reader}, tmp_path)["engine.state_url"]
        connection.execute(text(f"DROP ROLE {role}"))
    admin.dispose()
    assert (found.status, "may not: CREATE" in found.what) == ("fail", True)
    assert "hunter2" not in found.what


def test_clickhouse_says_what_it_is_and_how_far_the_mirror_is_behind(clickhouse_over_http: str, tmp_path: Path) -> None:
    url = f"{clickhouse_over_http}/shopkeeper_test_{token_hex(6)}"
    lake = Lake(tmp_path / "log", tmp_path / "lake")

    def write(name: str) -> None:
        log = SegmentLog(tmp_path / "log", "test")
        log.append(EVENTS, [msgspec.json.encode(Event(event_id=name, ts=datetime.now(UTC), store="uk", type="view"))])
        log.close()
        lake.compact()

    def look() -> dict[str, Finding]:
        return findings({"warehouse_url": url}, tmp_path / "lake")

    write("a")
    before = look()
    assert (before["engine.warehouse_url"].status, "ClickHouse 2" in before["engine.warehouse_url"].what) == (
        "pass",
        True,
    )
    assert before["warehouse.mirror"].what == "nothing was ever loaded"
    client = open_clickhouse(url)
    data = ClickHouseData(client, tmp_path / "lake")
    data.prepare()
    data.load()
    assert look()["warehouse.mirror"].what.startswith("0 rows behind")
    write("b")
    assert look()["warehouse.mirror"].what.startswith("1 rows behind")
    client.close()


def test_valkey_says_what_it_is_and_what_its_user_may_not_do(valkey_url: str, tmp_path: Path) -> None:
    well = findings({"cache_url": valkey_url}, tmp_path)["engine.cache_url"]
    assert (well.status, "Valkey" in well.what or "Redis" in well.what) == ("pass", True), well
    with redis.Redis.from_url(valkey_url) as client:
        assert not list(client.scan_iter("shopkeeper:doctor*"))
        client.config_set("maxmemory", "1gb")
        client.config_set("maxmemory-policy", "noeviction")
        limited = findings({"cache_url": valkey_url}, tmp_path)["engine.cache_url"]
        client.config_set("maxmemory", "0")
        client.acl_setuser("default", enabled=True, nopass=True, commands=["-evalsha"])
        try:
            narrow = findings({"cache_url": valkey_url}, tmp_path)["engine.cache_url"]
        finally:
            client.acl_setuser("default", enabled=True, nopass=True, commands=["+evalsha"])
    assert (limited.status, "maxmemory-policy" in limited.remedy) == ("warn", True)
    assert (narrow.status, "may not: evalsha" in narrow.what) == ("fail", True)
