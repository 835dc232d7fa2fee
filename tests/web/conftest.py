"""A whole server over real engines in a temporary workspace, asked in process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import httpx
import msgspec
import pytest
from fastapi import FastAPI

from shopkeeper.engines.state import open_state
from shopkeeper.people import passwords
from shopkeeper.people.roles import Role
from shopkeeper.serving.ports import SCOPES, Scope
from shopkeeper.web.app import create_app
from shopkeeper.wiring.serving import Serving
from shopkeeper.wiring.settings import Settings
from shopkeeper.wiring.settings_serving import ServingSettings

ResultT = TypeVar("ResultT")


class Shop:
    """A running server and its keys. Nothing happens in it between calls, so no test depends on time."""

    def __init__(self, workspace: Path, **serving: Any) -> None:  # noqa: ANN401 - any serving setting
        self.settings = Settings(workspace=workspace, serving=ServingSettings(**serving))
        self._loop = asyncio.new_event_loop()
        self._stack = AsyncExitStack()
        self.app: FastAPI = create_app(self.settings)

    def open(self) -> Shop:
        self.run(self._stack.enter_async_context(self.app.router.lifespan_context(self.app)))
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        self.client = self.run(
            self._stack.enter_async_context(httpx.AsyncClient(transport=transport, base_url="http://shop"))
        )
        self.admin = self.key("*")
        return self

    def close(self) -> None:
        """Stop the server as a signal would; closing again does nothing."""
        if self._loop.is_closed():
            return
        self.run(self._stack.aclose())
        self._loop.close()

    @property
    def serving(self) -> Serving:
        serving: Serving = self.app.state.serving
        return serving

    def run(self, call: Awaitable[ResultT]) -> ResultT:
        return self._loop.run_until_complete(call)

    def key(self, store: str, *scopes: Scope) -> dict[str, str]:
        """Make a key as the command line does, in a connection of its own; return it as a header."""
        state = open_state(self.settings.state_url)
        _, secret = state.keys.create(store, scopes or SCOPES, "test")
        state.close()
        return {"authorization": f"Bearer {secret}"}

    def person(self, *roles: Role, store: str = "*") -> dict[str, str]:
        """Sign somebody in at a terminal; return their token as a header."""
        state, until = self.serving.state, datetime.now(UTC) + timedelta(hours=1)
        name = f"{'-'.join(roles)}-{len(state.people.people())}"
        found = state.people.add(name, f"{name}@shop.example", {store: roles}, "test")
        return {"authorization": f"Bearer {state.sessions.begin(found.person_id, 'shell', 'test', until)[1]}"}

    def call(
        self,
        method: str,
        path: str,
        json: object = None,
        *,
        key: dict[str, str] | None = None,
        content: bytes | None = None,
    ) -> httpx.Response:
        body = content if content is not None or json is None else msgspec.json.encode(json)
        headers = self.admin if key is None else key
        return self.run(self.client.request(method, path, content=body, headers=headers))

    def recommend(self, **body: Any) -> dict[str, Any]:  # noqa: ANN401 - fields of the body
        answer = self.call("POST", "/v1/recommendations", {"store": "uk", **body})
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def shown(self, **body: Any) -> list[str]:  # noqa: ANN401 - fields of the body
        return [item["product"] for item in self.recommend(**body)["items"]]


@pytest.fixture
def open_shop(tmp_path: Path) -> Iterator[Callable[..., Shop]]:
    """Open a server with chosen serving settings; opened again, it finds the same workspace."""
    opened: list[Shop] = []

    def opener(**serving: Any) -> Shop:  # noqa: ANN401 - any serving setting
        opened.append(Shop(tmp_path, **serving).open())
        return opened[-1]

    yield opener
    for shop in opened:
        shop.close()


@pytest.fixture
def shop(open_shop: Callable[..., Shop]) -> Shop:
    """Two stores that share nothing, and five products in one of them."""
    shop = open_shop()
    stores = [{"store": "uk", "currency": "GBP"}, {"store": "de"}]
    assert shop.call("PUT", "/v1/stores", stores).status_code == 202
    products = [{"product": f"p{n}", "store": "uk", "price": 10 + n, "categories": ["home > lamps"]} for n in range(5)]
    assert shop.call("PUT", "/v1/products", products).status_code == 202
    return shop


class Office(NamedTuple):
    """One server for all tests of a file that only look, or touch nothing another test looks at, and whose people."""

    shop: Shop
    browser: Callable[..., Any]


@pytest.fixture(scope="module")
def pricing_office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """Two stores; of pricing Dora and Emil in uk and Finn in de, and a viewer of all stores, Cleo."""
    from tests.web.test_sign_in import GOOD, Browser  # noqa: PLC0415 - that file takes its fixtures from here

    shop = Shop(tmp_path_factory.mktemp("office")).open()
    assert shop.call("PUT", "/v1/stores", [{"store": "uk", "currency": "GBP"}, {"store": "de"}]).status_code == 202
    with pytest.MonkeyPatch.context() as cheap:
        cheap.setattr(passwords, "_LOG_N", 5)
        people = shop.serving.state.people
        roles: dict[str, dict[str, tuple[Role, ...]]] = {
            "dora": {"uk": ("pricing",)}, "emil": {"uk": ("pricing",)}, "finn": {"de": ("pricing",)},
            "cleo": {"*": ("viewer",)},
        }  # fmt: skip
        for name, held in roles.items():
            person = people.add(name.title(), f"{name}@shop.example", held, "test")
            people.set_password(person.person_id, passwords.hashed(GOOD), "test")
        browsers: dict[str, Browser] = {}

        def browser(name: str) -> Browser:
            if name not in browsers:
                browsers[name] = Browser(shop)
                assert browsers[name].sign_in(f"{name}@shop.example").status_code == 303
            return browsers[name]

        yield Office(shop, browser)
    shop.close()
