"""The control room behind its sign-in, over the real database: forms, cookies, rights by store, lock-out, sign-out."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from shopkeeper.engines.state import open_state
from shopkeeper.people import passwords
from shopkeeper.people.limits import PAIR_TRIES
from shopkeeper.people.passwords import hashed

HERE = "http://127.0.0.1:8000"
AWAY = ("203.0.113.9", 5555)
GOOD = "four unrelated words"
PAGES = ["", "/models", "/runs", "/data", "/decisions", "/stores", "/audit"]


class Browser:
    """Somebody's browser: it keeps cookies, and says where a form came from as browsers do."""

    def __init__(self, shop: Any, base: str = HERE, client: tuple[str, int] = AWAY) -> None:  # noqa: ANN401 - a fixture
        self.shop = shop
        self.base = base
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(shop.app, client=client), base_url=base)

    def get(self, path: str, **headers: str) -> httpx.Response:
        answer: httpx.Response = self.shop.run(self.client.get(f"/control-room{path}", headers=headers))
        return answer

    def post(self, path: str, fields: dict[str, str], **headers: str) -> httpx.Response:
        told = {"origin": self.base, "content-type": "application/x-www-form-urlencoded", **headers}
        call = self.client.post(f"/control-room{path}", content=urlencode(fields), headers=told)
        answer: httpx.Response = self.shop.run(call)
        return answer

    def form(self, path: str) -> dict[str, str]:
        page = self.get(path).text
        return dict(re.findall(r'name="(\w+)" value="([^"]*)"', page))

    def sign_in(self, email: str, password: str = GOOD, to: str = "/control-room", **headers: str) -> httpx.Response:
        fields = {**self.form("/sign-in"), "next": to, "email": email, "password": password}
        return self.post("/sign-in", fields, **headers)


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let a hash cost a thousandth; what it really costs is tested with passwords."""
    monkeypatch.setattr(passwords, "_LOG_N", 5)


@pytest.fixture
def staffed(shop: Any) -> Any:  # noqa: ANN401 - fixtures
    """The shop of `shop`, with an admin of all stores and a merchandiser of one."""
    state = open_state(shop.settings.state_url)
    for name, roles in (("anna", {"*": ("admin",)}), ("bob", {"uk": ("merchandiser",)}), ("cleo", {"*": ("viewer",)})):
        person = state.people.add(name.title(), f"{name}@shop.example", roles, "test")  # type: ignore[arg-type]
        state.people.set_password(person.person_id, hashed(GOOD), "test")
    state.close()
    return shop


@pytest.fixture
def browser(staffed: Any) -> Callable[..., Browser]:  # noqa: ANN401 - a fixture
    def new(**how: Any) -> Browser:  # noqa: ANN401 - arguments of Browser
        return Browser(staffed, **how)

    return new


def test_once_there_are_people_every_page_asks_for_a_sign_in_on_the_machine_too(
    browser: Callable[..., Browser],
) -> None:
    for visitor in (browser(), browser(client=("127.0.0.1", 5555))):
        for path in PAGES:
            answer = visitor.get(path)
            assert answer.status_code == 303
            assert answer.headers["location"] == f"/control-room/sign-in?next=%2Fcontrol-room{path.replace('/', '%2F')}"
        assert visitor.get("/stream", **{"sec-fetch-mode": "cors"}).status_code == 401
        assert visitor.get("/runs", **{"sec-fetch-mode": "cors"}).status_code == 401


def test_a_card_of_a_model_is_behind_the_door_too(browser: Callable[..., Browser]) -> None:
    assert browser().get("/models/recommendations/x/card").status_code == 303


def test_who_signs_in_goes_where_they_wanted_and_sees_their_name(browser: Callable[..., Browser]) -> None:
    anna = browser()
    answer = anna.sign_in("Anna@shop.example", to="/control-room/data?store=uk")
    assert (answer.status_code, answer.headers["location"]) == (303, "/control-room/data?store=uk")
    page = anna.get("")
    assert page.status_code == 200
    assert ">Anna</p>" in page.text
    assert "This machine only" not in page.text
    assert [anna.get(path).status_code for path in PAGES] == [200] * len(PAGES)
    assert anna.get("/sign-in").status_code == 303


@pytest.mark.parametrize("to", ["https://evil.example", "//evil.example/control-room", "/\\evil.example", "/v1/models"])
def test_a_sign_in_leads_nowhere_else(browser: Callable[..., Browser], to: str) -> None:
    assert browser().sign_in("anna@shop.example", to=to).headers["location"] == "/control-room"


def test_the_cookie_is_out_of_reach_of_scripts_and_bound_to_https_where_there_is_any(
    browser: Callable[..., Browser],
) -> None:
    plain = browser().sign_in("anna@shop.example").headers["set-cookie"]
    assert plain.startswith("shopkeeper=ss_")
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(plain.split("; "))
    assert "Secure" not in plain
    safe = browser(base="https://shop.example").sign_in("anna@shop.example").headers["set-cookie"]
    assert safe.startswith("__Host-shopkeeper=ss_")
    assert {"HttpOnly", "SameSite=lax", "Path=/", "Secure"} <= set(safe.split("; "))
    assert "Domain" not in safe


def test_a_wrong_password_and_a_stranger_get_the_same_page(browser: Callable[..., Browser]) -> None:
    pages = set()
    for email in ("anna@shop.example", "nobody@shop.example"):
        answer = browser().sign_in(email, "wrong")
        assert answer.status_code == 401
        assert "do not match" in answer.text
        pages.add(re.sub(r'value="[^"]*"', "", answer.text))
    assert len(pages) == 1


def test_who_guesses_too_often_is_told_when_to_come_back(browser: Callable[..., Browser]) -> None:
    guess = browser()
    assert [guess.sign_in("anna@shop.example", "wrong").status_code for _ in range(PAIR_TRIES)] == [401] * PAIR_TRIES
    locked = guess.sign_in("anna@shop.example")
    assert locked.status_code == 429
    assert 0 < int(locked.headers["retry-after"]) <= 900
    assert "Wait 15 minutes" in locked.text
    assert browser(client=("203.0.113.8", 1)).sign_in("anna@shop.example").status_code == 303


def test_a_form_of_another_site_or_of_another_browser_is_refused(browser: Callable[..., Browser]) -> None:
    anna = browser()
    assert anna.sign_in("anna@shop.example", origin="https://evil.example").status_code == 403
    assert anna.sign_in("anna@shop.example", **{"sec-fetch-site": "cross-site"}).status_code == 403
    theirs = browser().form("/sign-in")["form_token"]
    fields = {"form_token": theirs, "email": "anna@shop.example", "password": GOOD}
    assert anna.post("/sign-in", fields).status_code == 403
    assert anna.get("").status_code == 303


def test_signing_out_ends_the_session_itself(browser: Callable[..., Browser]) -> None:
    anna, thief = browser(), browser()
    anna.sign_in("anna@shop.example")
    thief.client.cookies = httpx.Cookies(anna.client.cookies)
    assert thief.get("").status_code == 200
    assert anna.post("/sign-out", {}).status_code == 403  # without the form's token
    answer = anna.post("/sign-out", anna.form(""))
    assert (answer.status_code, answer.headers["location"]) == (303, "/control-room/sign-in")
    assert 'shopkeeper=""' in answer.headers["set-cookie"]
    assert thief.get("").status_code == 303


def test_a_role_sees_its_stores_and_its_pages_alone(browser: Callable[..., Browser]) -> None:
    bob = browser()
    bob.sign_in("bob@shop.example")
    assert bob.get("").status_code == 200
    stores = bob.get("/stores").text
    assert "/storefront/uk" in stores
    assert "/storefront/de" not in stores
    assert bob.get("/data").status_code == 200
    refused = bob.get("/data?store=de")
    assert refused.status_code == 403
    assert "Bob may not look at pages and reports in store &#39;de&#39;" in refused.text
    assert bob.get("/audit").status_code == 403
    assert "/control-room/audit" not in bob.get("").text

    cleo = browser()
    cleo.sign_in("cleo@shop.example")
    assert cleo.get("/data?store=de").status_code == 200
    assert cleo.get("/decisions").status_code == 403
    assert "/control-room/decisions" not in cleo.get("").text


def test_decisions_of_other_stores_are_not_shown(browser: Callable[..., Browser], staffed: Any) -> None:  # noqa: ANN401
    staffed.recommend(surface="home", k=3)
    staffed.recommend(store="de", surface="cart", k=3)
    anna, bob = browser(), browser()
    anna.sign_in("anna@shop.example")
    bob.sign_in("bob@shop.example")
    assert "<td>cart</td>" in anna.get("/decisions").text
    assert "<td>cart</td>" not in bob.get("/decisions").text
    assert "<td>home</td>" in bob.get("/decisions").text


def test_who_is_removed_is_out_at_once(browser: Callable[..., Browser], staffed: Any) -> None:  # noqa: ANN401
    bob = browser()
    bob.sign_in("bob@shop.example")
    people = staffed.serving.state.people
    people.remove(people.named("bob@shop.example").person_id, "test")
    assert bob.get("").status_code == 303


def test_an_invited_person_chooses_a_password_and_signs_in(browser: Callable[..., Browser], staffed: Any) -> None:  # noqa: ANN401
    state = staffed.serving.state
    dora = state.people.add("Dora", "dora@shop.example", {"*": ("viewer",)}, "test")
    ends = datetime.now(UTC) + timedelta(hours=1)
    _, token = state.sessions.begin(dora.person_id, "invite", "command line", ends, "test")
    visitor = browser()
    fields = visitor.form(f"/invitation?token={token}")
    assert visitor.post("/invitation", {**fields, "password": "short", "again": "short"}).status_code == 422
    assert visitor.post("/invitation", {**fields, "password": GOOD, "again": GOOD + "x"}).status_code == 422
    done = visitor.post("/invitation", {**fields, "password": GOOD, "again": GOOD})
    assert done.status_code == 200
    assert "The password is set, Dora" in done.text
    assert visitor.post("/invitation", {**fields, "password": GOOD, "again": GOOD}).status_code == 401
    assert "not valid" in visitor.get(f"/invitation?token={token}").text
    assert visitor.sign_in("dora@shop.example").status_code == 303


def test_over_plain_http_from_elsewhere_the_page_warns(browser: Callable[..., Browser]) -> None:
    assert "without encryption" in browser(base="http://shop.example").get("/sign-in").text
    assert "without encryption" not in browser(base="https://shop.example").get("/sign-in").text
    assert "without encryption" not in browser(client=("127.0.0.1", 1)).get("/sign-in").text


def test_the_audit_names_person_and_sign_in(browser: Callable[..., Browser], staffed: Any) -> None:  # noqa: ANN401
    anna = browser()
    anna.sign_in("anna@shop.example")
    [session] = staffed.serving.state.sessions.sessions(datetime.now(UTC))
    page = anna.get("/audit?kind=person.").text
    assert session.session_id in page
    assert "person.sign_in" in page
    assert session.address == AWAY[0]
    theirs = anna.get(f"/audit?person={session.person_id}").text
    assert "1 entry, by 1 person who signed in; the newest just now." in theirs
    assert "Nothing like this was done yet." in anna.get("/audit?kind=rollout.").text
