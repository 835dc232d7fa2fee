"""Who a request comes from: a person by token or cookie, a machine by its key, a reader on the machine, or nobody."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from fastapi import Request
from starlette.responses import JSONResponse, Response

from shopkeeper.people.roles import Right
from shopkeeper.web.signed_in import signed_in

HERE = "http://127.0.0.1:8000"
NOBODY: dict[str, str] = {"x-none": ""}


@pytest.fixture
def asked(shop: Any) -> Any:  # noqa: ANN401 - fixtures
    """The shop with a route that says who asks for a right in a store."""

    async def ask(request: Request, right: Right, store: str = "*") -> Response:
        actor = await signed_in(request, right, store)
        return JSONResponse({"who": actor.who, "person": actor.person.person_id if actor.person else None})

    shop.app.add_api_route("/ask", ask, methods=["GET", "POST"])
    return shop


def token_of(shop: Any, kind: str, **roles: tuple[str, ...]) -> str:  # noqa: ANN401 - a fixture
    state = shop.serving.state
    person = state.people.add("Anna", "anna@shop.example", {k.replace("all", "*"): v for k, v in roles.items()}, "test")
    return str(state.sessions.begin(person.person_id, kind, "test", datetime.now(UTC) + timedelta(hours=1))[1])


def test_a_persons_token_carries_them_where_their_role_holds(asked: Any) -> None:  # noqa: ANN401 - a fixture
    key = {"authorization": f"Bearer {token_of(asked, 'shell', uk=('admin',))}"}
    answer = asked.call("POST", "/ask?right=override&store=uk", key=key)
    assert answer.status_code == 200
    assert answer.json()["who"].startswith(f"Anna (person {answer.json()['person']}, session ")
    refused = asked.call("POST", "/ask?right=override&store=de", key=key)
    assert refused.status_code == 403
    assert "Anna may not go against the gate in store 'de'" in refused.json()["detail"]


def test_a_token_of_a_browser_is_no_token_of_the_api(asked: Any) -> None:  # noqa: ANN401 - a fixture
    key = {"authorization": f"Bearer {token_of(asked, 'browser', all=('admin',))}"}
    assert asked.call("POST", "/ask?right=view", key=key).status_code == 401


def test_a_key_may_make_safer_and_is_told_the_way_out_of_the_rest(asked: Any) -> None:  # noqa: ANN401 - a fixture
    key = asked.key("uk", "manage")
    assert asked.call("POST", "/ask?right=rollback&store=uk", key=key).json()["who"].startswith("key:")
    assert asked.call("POST", "/ask?right=rollback&store=de", key=key).status_code == 403
    for right in ("override", "approve", "advance", "rules"):
        refused = asked.call("POST", f"/ask?right={right}&store=uk", key=key)
        assert refused.status_code == 403
        assert "people sign-in" in refused.json()["remedy"]
    assert asked.call("POST", "/ask?right=rollback&store=uk", key=asked.key("uk", "decide")).status_code == 403


def test_without_people_a_reader_at_the_machine_may_make_safer_and_nobody_else_may(asked: Any) -> None:  # noqa: ANN401
    here = {"host": "127.0.0.1", "origin": "http://127.0.0.1"}
    assert asked.call("POST", "/ask?right=hold", key=here).json()["who"] == "loopback"
    assert asked.call("POST", "/ask?right=override", key=here).status_code == 403
    assert asked.call("POST", "/ask?right=hold", key={**here, "origin": "https://evil.example"}).status_code == 403
    assert asked.call("POST", "/ask?right=hold", key={"host": "127.0.0.1"}).status_code == 403
    assert asked.call("POST", "/ask?right=hold", key={**here, "x-forwarded-for": "127.0.0.1"}).status_code == 401
    assert asked.call("POST", "/ask?right=hold", key=NOBODY).status_code == 401  # the host is `shop`


def test_with_people_the_machine_itself_is_nobody_either(asked: Any) -> None:  # noqa: ANN401 - a fixture
    token_of(asked, "shell", all=("admin",))
    here = {"host": "127.0.0.1", "origin": "http://127.0.0.1"}
    assert asked.call("POST", "/ask?right=hold", key=here).status_code == 401


def test_a_cookie_acts_only_from_our_own_pages(asked: Any) -> None:  # noqa: ANN401 - a fixture
    cookie = {"cookie": f"shopkeeper={token_of(asked, 'browser', all=('admin',))}"}
    assert asked.call("GET", "/ask?right=view", key=cookie).status_code == 200
    assert asked.call("POST", "/ask?right=override", key=cookie).status_code == 403
    own = {**cookie, "origin": "http://shop"}
    assert asked.call("POST", "/ask?right=override", key=own).status_code == 200
    other = {**own, "sec-fetch-site": "same-site"}
    assert asked.call("POST", "/ask?right=override", key=other).status_code == 403
