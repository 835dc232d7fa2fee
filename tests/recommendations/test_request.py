"""The body of a request: what is taken, what is refused and how that is said."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from shopkeeper.commerce.consent import Consent
from shopkeeper.commerce.shopper import Shopper
from shopkeeper.errors import RequestRejected
from shopkeeper.recommendations.request import RecommendationBody, RecommendationRequest, read_body


def test_the_smallest_body_names_a_store() -> None:
    body = read_body(b'{"store": "uk"}')
    assert (body.store, body.surface, body.k, body.products, body.candidates) == ("uk", "home", 10, (), None)


def test_every_field_comes_through() -> None:
    body = read_body(
        b'{"store":"uk","visitor":"v","user":"u","session":"s","surface":"cart","products":["a"],"candidates":["b"],'
        b'"k":3,"filters":{"categories":["x > y"],"brands":["z"],"price_min":1,"price_max":2},"exclude":["c"],'
        b'"consent":{"personalise":false},"context":{"page":2}}'
    )
    assert body.filters.categories == ("x > y",)
    assert body.consent == Consent(personalise=False)
    assert body.context == {"page": 2}


@pytest.mark.parametrize(
    ("raw", "field", "says"),
    [
        (b'{"store":"uk","limit":5}', "limit", "unknown field"),
        (b'{"store":"uk","filters":{"colour":"red"}}', "filters.colour", "unknown field"),
        (b'{"k":5}', "store", "missing required field"),
        (b'{"store":"uk","k":"ten"}', "k", "Expected `int`"),
        (b'{"store":"uk","k":0}', "k", ">= 1"),
        (b'{"store":"","k":1}', "store", "length >= 1"),
        (b'{"store":"uk","filters":{"price_min":-1}}', "filters.price_min", ">= 0"),
        (b'{"store":"uk","filters":{"price_min":NaN}}', "$", "not valid JSON"),
        (b'{"store":"uk","filters":{"price_min":9,"price_max":2}}', "filters.price_min", "above price_max"),
        (b'{"store":"uk"', "$", "not valid JSON"),
        (b'{"store":"\xff\xfe"}', "$", "not valid JSON"),
        (b"[" * 100_000, "$", ""),
        (b"[]", "$", "Expected `object`"),
        (b'{"store":"uk","exclude":[7]}', "exclude[0]", "Expected `str`"),
    ],
)
def test_a_wrong_body_is_refused_by_field_with_a_remedy(raw: bytes, field: str, says: str) -> None:
    with pytest.raises(RequestRejected) as caught:
        read_body(raw)
    problem = caught.value.problems[0]
    assert problem.field == field
    assert says in problem.reason
    assert caught.value.remedy


@pytest.mark.parametrize("name", ["products", "candidates", "exclude"])
def test_lists_are_bounded(name: str) -> None:
    ids = [f"p{n}" for n in range(1001)]
    assert len(getattr(read_body(msgspec.json.encode({"store": "uk", name: ids[:1000]})), name)) == 1000
    with pytest.raises(RequestRejected, match="1000"):
        read_body(msgspec.json.encode({"store": "uk", name: ids}))
    with pytest.raises(RequestRejected, match="200"):
        read_body(msgspec.json.encode({"store": "uk", name: ["x" * 201]}))


def test_the_unit_is_hidden_where_measurement_is_refused() -> None:
    body = RecommendationBody(store="uk", user="u")
    now = datetime(2026, 1, 1, tzinfo=UTC)
    shopper = Shopper("uk", user="u", visitor="v")
    assert RecommendationRequest(body, shopper, Consent(measure=True), now).unit == "u"
    assert RecommendationRequest(body, shopper, Consent(measure=False), now).unit is None


def test_personalisation_that_nobody_allowed_is_refused() -> None:
    body, now = RecommendationBody(store="uk"), datetime(2026, 1, 1, tzinfo=UTC)
    allowed = [RecommendationRequest(body, Shopper("uk"), Consent(personalise=said), now).personal for said in
               (True, False, None)]  # fmt: skip
    assert allowed == [True, False, False]
