"""The webhook of prices: signed, in order, and never taken for done before the other side took it."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime

import httpx2
import pytest

from shopkeeper.engines.price_webhook import SIGNATURE, PriceWebhook
from shopkeeper.errors import Unavailable
from shopkeeper.pricing.runs.price_run import PriceChange

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
SECRET = "0123456789abcdef"
CHANGES = [
    PriceChange(
        number=number, previous=0, run="r1", kind="publish", store="uk", price_list="", product="lamp", currency="GBP",
        price=10.5, before=10.0, at=NOON,
    )
    for number in (4, 5)
]  # fmt: skip


def webhook(answer: httpx2.Response | Exception, sent: list[httpx2.Request]) -> PriceWebhook:
    def handle(request: httpx2.Request) -> httpx2.Response:
        request.read()
        sent.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return PriceWebhook("https://shop.example/prices", SECRET, 5.0, lambda: NOON, httpx2.MockTransport(handle))


def test_a_message_says_what_changed_and_is_signed_over_time_and_body() -> None:
    sent: list[httpx2.Request] = []
    webhook(httpx2.Response(204), sent).take(CHANGES)
    [request] = sent
    body = json.loads(request.content)
    assert (body["version"], [one["number"] for one in body["changes"]]) == (5, [4, 5])
    assert (body["changes"][0]["price"], body["changes"][0]["before"]) == (10.5, 10.0)
    moment = str(int(NOON.timestamp()))
    expected = hmac.new(SECRET.encode(), moment.encode() + b"." + request.content, hashlib.sha256).hexdigest()
    assert request.headers[SIGNATURE] == f"t={moment},v1={expected}"
    assert SECRET not in str(request.headers)


@pytest.mark.parametrize("answer", [httpx2.Response(500), httpx2.Response(302), httpx2.ConnectError("away")])
def test_what_was_not_taken_is_told(answer: httpx2.Response | Exception) -> None:
    with pytest.raises(Unavailable, match=r"shop\.example/prices took no prices"):
        webhook(answer, []).take(CHANGES)
