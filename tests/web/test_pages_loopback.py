"""The control room opens only to someone on the machine itself."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from shopkeeper.web.loopback import refusal
from shopkeeper.wiring.settings import PeopleSettings

HERE = "http://127.0.0.1:8000"
PAGES = ["", "/models", "/data", "/decisions", "/stores"]


@pytest.mark.parametrize("server", ["127.0.0.1", "::1", "localhost"])
@pytest.mark.parametrize(("client", "host"), [("127.0.0.1", "localhost:8000"), ("::1", "[::1]:8000")])
def test_a_reader_on_the_machine_is_let_in(server: str, client: str, host: str) -> None:
    assert refusal(server, client, {"host": host}) is None


@pytest.mark.parametrize(
    ("server", "client", "headers", "word"),
    [
        ("0.0.0.0", "127.0.0.1", {"host": "127.0.0.1"}, "listens on 0.0.0.0"),  # noqa: S104 - what is refused
        ("127.0.0.1", "10.0.0.9", {"host": "127.0.0.1"}, "10.0.0.9"),
        ("127.0.0.1", None, {"host": "127.0.0.1"}, "unknown address"),
        ("127.0.0.1", "127.0.0.1", {"host": "evil.example"}, "evil.example"),
        ("127.0.0.1", "127.0.0.1", {}, "no host"),
        ("127.0.0.1", "127.0.0.1", {"host": "127.0.0.1", "x-forwarded-for": "9.9.9.9"}, "proxy"),
        ("127.0.0.1", "127.0.0.1", {"host": "127.0.0.1", "forwarded": "for=9.9.9.9"}, "proxy"),
        ("127.0.0.1", "127.0.0.1", {"host": "127.0.0.1", "x-forwarded-for": "127.0.0.1"}, "proxy"),
        ("127.0.0.1", "127.0.0.1", {"host": "127.0.0.1", "x-forwarded-for": ""}, "proxy"),
        ("127.0.0.1", "127.0.0.1", {"host": "127.0.0.1", "via": "1.1 proxy"}, "proxy"),
    ],
)
def test_everyone_else_is_told_why_not(server: str, client: str | None, headers: dict[str, str], word: str) -> None:
    assert word in str(refusal(server, client, headers))


def test_a_proxy_on_the_machine_that_says_nothing_of_itself_is_known_by_its_http() -> None:
    """nginx out of the box names 127.0.0.1 as host, sends no header of its own, and speaks HTTP/1.0."""
    assert refusal("127.0.0.1", "127.0.0.1", {"host": "127.0.0.1:8000"}, "1.1") is None
    assert "proxy" in str(refusal("127.0.0.1", "127.0.0.1", {"host": "127.0.0.1:8000"}, "1.0"))


def test_a_name_that_points_here_from_outside_sees_no_page(shop: Any) -> None:  # noqa: ANN401 - a fixture
    """DNS rebinding: the connection comes from this machine, the page that opened it does not."""
    for path in (*PAGES, "/stream"):
        answer = shop.call("GET", f"http://evil.example/control-room{path}")
        assert answer.status_code == 403
        assert "only on the machine itself" in answer.text
        assert "uk" not in answer.text


def test_another_machine_sees_no_page(shop: Any) -> None:  # noqa: ANN401 - a fixture
    async def ask() -> list[int]:
        transport = httpx.ASGITransport(shop.app, client=("10.0.0.9", 5555))
        async with httpx.AsyncClient(transport=transport, base_url=HERE) as client:
            return [(await client.get(f"/control-room{path}")).status_code for path in (*PAGES, "/stream")]

    assert shop.run(ask()) == [403] * (len(PAGES) + 1)


def test_a_server_started_on_every_address_closes_the_control_room(shop: Any) -> None:  # noqa: ANN401 - a fixture
    """`serve --host 0.0.0.0` overrides what the settings say."""
    assert shop.call("GET", f"{HERE}/control-room").status_code == 200
    shop.app.state.listens_on = "0.0.0.0"  # noqa: S104 - what is refused
    assert shop.call("GET", f"{HERE}/control-room").status_code == 403


def test_once_there_are_people_readers_at_the_machine_may_look_unsigned_where_the_settings_say_so(
    open_shop: Any,  # noqa: ANN401 - a fixture
) -> None:
    shop = open_shop()
    shop.serving.state.people.add("Anna", "anna@shop.example", {"*": ("admin",)}, "test")
    assert shop.call("GET", f"{HERE}/control-room").status_code == 303
    shop.serving.settings = shop.settings.model_copy(
        update={"people": PeopleSettings.model_validate({"loopback_unsigned": True})}
    )
    assert shop.call("GET", f"{HERE}/control-room").status_code == 200
    assert shop.call("GET", "http://evil.example/control-room").status_code == 303
