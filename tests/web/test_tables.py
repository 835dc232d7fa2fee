"""`PUT` and `DELETE` of tables: durable, newest wins, and no answer after the 202 shows what may not be shown."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from shopkeeper.commerce.product import Product
from shopkeeper.commerce.shopper import Shopper
from shopkeeper.commerce.tables import KEYED_TABLES, ORDERS, PRODUCTS, USERS
from shopkeeper.quality.ports import NamedQuery

if TYPE_CHECKING:
    from tests.web.conftest import Shop

NOW = datetime.now(UTC)


def ago(hours: float) -> str:
    return (NOW - timedelta(hours=hours)).isoformat()


ROWS: dict[str, dict[str, Any]] = {
    "stores": {"store": "fr"},
    "products": {"product": "p9", "store": "uk"},
    "users": {"user": "ann", "store": "uk"},
    "prices": {"product": "p1", "store": "uk", "ts": ago(1), "price": 3},
    "competitor_prices": {"product": "p1", "store": "uk", "competitor": "other", "ts": ago(1), "price": 3},
    "inventory": {"product": "p1", "store": "uk", "ts": ago(1), "on_hand": 3},
    "orders": {"order_id": "o1", "store": "uk", "ts": ago(1), "revenue": 3},
}


@pytest.mark.parametrize("name", KEYED_TABLES)
def test_every_keyed_table_takes_rows_and_withdraws_them(shop: Shop, name: str) -> None:
    table, row = KEYED_TABLES[name], ROWS[name]
    path = f"/v1/{name.replace('_', '-')}"
    for body in (row, [row], {name: [row]}, {"rows": [row], "source_ts": ago(0.5)}):
        answer = shop.call("PUT", path, body)
        assert (answer.status_code, answer.json()["accepted"]) == (202, 1), answer.text
    key = tuple(str(row.get(column, "")) for column in table.key)
    assert shop.serving.state.tables.get(table, key) is not None
    withdrawal = {column: row[column] for column in table.key if column in row}
    assert shop.call("DELETE", path, withdrawal).status_code == 202
    assert shop.serving.state.tables.get(table, key) is None


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/products", {"store": "uk", "product": ["p0", "p1"]}),
        ("/v1/products", [{"store": "uk", "product": "p0"}, {"store": "uk", "product": "p1"}]),
        ("/v1/products?store=uk&ids=p0,p1", None),
    ],
    ids=["list", "rows", "query"],
)
def test_withdrawn_products_are_named_in_the_body_or_the_query(shop: Shop, path: str, body: object) -> None:
    answer = shop.call("DELETE", path, body)
    assert (answer.status_code, answer.json()["accepted"]) == (202, 2)
    assert not {"p0", "p1"} & set(shop.shown(k=10))


def test_a_withdrawal_that_names_nothing_is_a_problem(shop: Shop) -> None:
    answer = shop.call("DELETE", "/v1/products", {"store": "uk", "product": []})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, "product")


@pytest.mark.parametrize(
    ("path", "row"),
    [
        ("/v1/products", {"product": "p1", "store": "uk", "status": "withdrawn"}),
        ("/v1/products", {"product": "p1", "store": "uk", "stock": 0}),
        ("/v1/products", {"product": "p1", "store": "uk", "kind": "service"}),
        ("/v1/products", {"product": "p1", "store": "uk", "deleted": True}),
        ("/v1/inventory", {"product": "p1", "store": "uk", "on_hand": 0}),
    ],
    ids=["withdrawn", "no stock", "service", "deleted", "sold out"],
)
def test_after_the_202_no_answer_shows_what_is_withdrawn_or_sold_out(
    shop: Shop, path: str, row: dict[str, Any]
) -> None:
    asked = {"k": 10, "visitor": "ann", "products": ["p2"]}
    assert "p1" in shop.shown(**asked)
    stamped = {**row, "ts": datetime.now(UTC).isoformat()} if path == "/v1/inventory" else row
    assert shop.call("PUT", path, stamped).status_code == 202
    assert "p1" not in shop.shown(**asked)
    similar = shop.call("GET", "/v1/products/p2/similar?store=uk&k=10").json()
    assert "p1" not in [item["product"] for item in similar["items"]]


def test_an_older_row_never_replaces_a_newer_one_and_is_counted_as_stale(shop: Shop) -> None:
    newer = {"product": "p1", "store": "uk", "price": 5, "source_ts": datetime.now(UTC).isoformat()}
    shop.call("PUT", "/v1/products", newer)
    answer = shop.call("PUT", "/v1/products", {**newer, "price": 4, "source_ts": ago(1)})
    assert answer.json()["stale"] == 1
    card, row = shop.serving.catalogue.card("uk", "p1"), shop.serving.state.tables.get(PRODUCTS, ("uk", "p1"))
    assert card is not None
    assert card.price == 5
    assert row is not None
    assert isinstance(row.row, Product)
    assert row.row.price == 5


def test_a_withdrawal_outlives_a_restart_and_older_rows(open_shop: Callable[..., Shop], shop: Shop) -> None:
    shared = {"product": "lamp", "store": "", "source_ts": ago(2)}
    shop.call("PUT", "/v1/products", shared)
    shop.call("DELETE", "/v1/products", {"store": "uk", "product": ["lamp", "p1"]})
    shop.close()
    again = open_shop()
    answer = again.call("PUT", "/v1/products", {"product": "p1", "store": "uk", "source_ts": ago(1)})
    assert answer.json()["stale"] == 1
    assert not {"p1", "lamp"} & set(again.shown(k=10))
    assert again.serving.catalogue.available("de", "lamp", NOW)


def test_bad_rows_go_to_quarantine_and_good_ones_are_taken(shop: Shop) -> None:
    answer = shop.call("PUT", "/v1/products", [{"product": "p8", "store": "uk"}, {"product": "p9", "price": -1}])
    assert answer.status_code == 202
    assert (answer.json()["accepted"], answer.json()["rejected"], answer.json()["errors"][0]["row"]) == (1, 1, 2)
    assert shop.serving.quarantine.rows()[0].raw == {"product": "p9", "price": -1}


def test_no_answer_given_after_a_202_shows_the_product_however_many_ask_at_once(shop: Shop) -> None:
    """Requests run all the time; each one that starts or ends after a 202 must obey it."""

    async def scenario() -> int:
        gone: set[str] = set()
        wrong = answers = 0
        done = asyncio.Event()

        async def ask(visitor: int) -> None:
            nonlocal wrong, answers
            body = {"store": "uk", "k": 10, "visitor": f"v{visitor % 3}"}
            while not done.is_set():
                await asyncio.sleep(0)  # a request in process may never wait for anything
                answer = await shop.client.post("/v1/recommendations", json=body, headers=shop.admin)
                # Read where the answer is handled: what was withdrawn before it left must not be in it.
                wrong += bool(gone & {item["product"] for item in answer.json()["items"]})
                answers += 1

        asking = [asyncio.create_task(ask(visitor)) for visitor in range(8)]
        for name in ("p0", "p1", "p2", "p3"):
            await asyncio.sleep(0.02)
            body = {"store": "uk", "product": [name]}
            answer: httpx.Response = await shop.client.request("DELETE", "/v1/products", json=body, headers=shop.admin)
            assert answer.status_code == 202
            gone_after = {*gone, name}
            await asyncio.sleep(0.02)  # let answers that left before the 202 arrive
            gone |= gone_after
        await asyncio.sleep(0.02)
        done.set()
        await asyncio.gather(*asking)
        assert answers > 20
        return wrong

    assert shop.run(scenario()) == 0


def test_a_deleted_user_is_erased_everywhere(shop: Shop) -> None:
    event = {"ts": ago(0.1), "store": "uk", "type": "view", "product": "p1"}
    shop.call("PUT", "/v1/users", {"user": "ann", "store": "uk", "region": "north"})
    shop.call("PUT", "/v1/orders", {"order_id": "o1", "store": "uk", "ts": ago(1), "user": "ann", "revenue": 5})
    shop.call("PUT", "/v1/orders", {"order_id": "o2", "store": "uk", "ts": ago(1), "user": "bob", "revenue": 5})
    shop.call("POST", "/v1/events", [{**event, "user": "ann", "visitor": "v1"}, {**event, "visitor": "v1"}])
    shop.call("POST", "/v1/events", {**event, "user": "bob", "visitor": "v2"})
    shop.call("POST", "/v1/events", {**event, "type": "stare", "user": "ann"})
    answer = shop.call("DELETE", "/v1/users", {"store": "uk", "user": ["ann"]})
    assert answer.json()["erasure"] == {"status": "queued", "users": 1, "profiles_erased": 2, "report": "erasure"}
    assert shop.serving.profiles.local.read(Shopper("uk", "ann", "v1")).events == ()
    shop.run(shop.serving.erasure.finish())
    (report,) = shop.serving.state.reports.latest("erasure")
    assert report.body["status"] == "done"
    assert "ann" not in str(report.body)
    warehouse = shop.serving.lake.warehouse()
    left = warehouse.fetch(NamedQuery("left", 'SELECT "user", visitor FROM events'))
    users = warehouse.fetch(NamedQuery("users", 'SELECT "user" FROM users_history'))
    warehouse.close()
    assert (left["user"].tolist(), left["visitor"].tolist(), users["user"].tolist()) == (["bob"], ["v2"], [])
    tables = shop.serving.state.tables
    assert shop.serving.quarantine.count() == 0
    assert tables.get(USERS, ("uk", "ann")) is None
    assert [row.row.order_id for row in tables.scan(ORDERS)] == ["o2"]  # type: ignore[attr-defined]  # orders
