"""Named queries as ClickHouse takes them, and URLs of its servers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import numpy as np
import pytest

from shopkeeper.commerce.tables import LOGGED_TABLES
from shopkeeper.engines.clickhouse_client import open_clickhouse
from shopkeeper.engines.clickhouse_schema import schema_sql
from shopkeeper.engines.clickhouse_warehouse import translate
from shopkeeper.engines.lake_columns import column_names
from shopkeeper.errors import ConfigError, InputError, Unavailable
from shopkeeper.quality.ports import NamedQuery


def test_a_parameter_is_written_with_the_type_of_its_value() -> None:
    query = NamedQuery("x", "SELECT $text, $whole, $real, $flag, $none")
    given = {"text": "a'b", "whole": np.int64(3), "real": 0.5, "flag": True, "none": None}
    text, bound = translate(query, given)
    assert text == "SELECT {text:String}, {whole:Int64}, {real:Float64}, {flag:Bool}, {none:Nullable(String)}"
    assert bound == {"text": "a'b", "whole": 3, "real": 0.5, "flag": True, "none": None}


@pytest.mark.parametrize(
    "moment",
    [
        datetime(1970, 1, 1, 1, 0, 0, 1, tzinfo=timezone(timedelta(hours=1))),
        datetime(1970, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
        datetime(1970, 1, 1, 0, 0, 0, 1),  # noqa: DTZ001 - without an offset it is UTC
    ],
)
def test_a_time_is_sent_as_microseconds_of_utc(moment: datetime) -> None:
    text, bound = translate(NamedQuery("x", "SELECT $at"), {"at": moment})
    assert (text, bound) == ("SELECT fromUnixTimestamp64Micro({at:Int64}, 'UTC')", {"at": 1})


def test_what_looks_like_a_parameter_in_a_text_a_name_or_a_comment_is_none() -> None:
    text = "SELECT '$a ''$b', \"$c\" -- $d\nFROM t"
    assert translate(NamedQuery("x", text), {}) == (text, {})


def test_a_parameter_nobody_gave_is_named() -> None:
    with pytest.raises(InputError, match="needs the parameter 'since'"):
        translate(NamedQuery("x", "SELECT $since"), {})


def test_a_value_without_a_type_in_sql_is_refused() -> None:
    with pytest.raises(InputError, match="'who' is a list"):
        translate(NamedQuery("x", "SELECT $who"), {"who": ["a"]})


def test_every_column_of_the_contract_has_its_place_in_clickhouse() -> None:
    statements = list(schema_sql("shop"))
    for table in LOGGED_TABLES.values():
        (create,) = [s for s in statements if s.startswith(f"CREATE TABLE IF NOT EXISTS `shop`.{table.name}_rows (")]
        assert [name for name in column_names(table) if f"`{name}` " not in create] == []


@pytest.mark.parametrize("url", ["clickhouse://", "mysql://host/db", "clickhouse://host/bad-name", "host:8123"])
def test_a_url_that_names_no_database_is_refused(url: str) -> None:
    with pytest.raises(ConfigError, match="does not name a ClickHouse database"):
        open_clickhouse(url)


def test_a_server_that_is_not_there_is_said_without_the_password() -> None:
    with pytest.raises(Unavailable, match="does not answer") as caught:
        open_clickhouse("clickhouse://anna:secret@127.0.0.1:1/shop")
    assert "secret" not in str(caught.value)
