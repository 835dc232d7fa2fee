"""Pages at other origins than the API: a shop's page tells what its shopper does, a stranger's page may not."""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.request import urlopen

import pytest
from playwright.sync_api import Browser, Page

from shopkeeper.engines.state import open_state
from shopkeeper.serving.ports import SCOPES
from shopkeeper.testing.server_process import ServerProcess, start_server
from shopkeeper.wiring.settings import load_settings

pytestmark = pytest.mark.integration
BEACON = """([api, type]) => {
  const event = { event_id: `web-${crypto.randomUUID?.() ?? Math.random()}`, ts: Date.now(), type, product: "p1",
                  visitor: "ann", consent: { measure: true, personalise: true } };
  return navigator.sendBeacon(api, JSON.stringify([event]));
}"""
ON_LEAVING = f"asked => addEventListener('pagehide', () => ({BEACON})(asked))"
ASK = """([api, key, store]) => fetch(api, {
  method: "POST", headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
  body: JSON.stringify({ store, visitor: "ann" }) }).then(answer => answer.status, error => error.name)"""


class _Blank(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = b"<!doctype html><title>A shop</title>"
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002, ARG002 - the signature of the library
        return


class Shop(NamedTuple):
    """A running API, and two origins: the first is the store's, the second is known to another store alone."""

    server: ServerProcess
    page: str
    other: str
    public: str
    key: str

    def address(self, path: str) -> str:
        return f"http://{self.server.host}:{self.server.port}{path}"

    def events(self, type_: str) -> int:
        with urlopen(self.address("/metrics"), timeout=10) as answer:  # noqa: S310 - our server
            lines = answer.read().decode().splitlines()
        named = f'shopkeeper_events_total{{type="{type_}"}} '
        return sum(int(float(line.removeprefix(named))) for line in lines if line.startswith(named))

    def until_came(self, type_: str) -> bool:
        until = time.monotonic() + 20
        while self.events(type_) == 0:
            if time.monotonic() > until:
                return False
            time.sleep(0.05)
        return True


@pytest.fixture(scope="module")
def shop(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Blank) as pages:
        threading.Thread(target=pages.serve_forever, daemon=True).start()
        page, other = (f"http://{host}:{pages.server_port}" for host in ("127.0.0.1", "localhost"))
        workspace = tmp_path_factory.mktemp("beacon")
        origins = f'{{ uk = ["{page}"], nl = ["{other}"] }}'
        (workspace / "shopkeeper.toml").write_text(f"[serving]\nstore_origins = {origins}\n", "utf-8")
        with contextlib.closing(open_state(load_settings(workspace).state_url)) as state:
            public, key = state.keys.create("uk", ("beacon",), "test")[1], state.keys.create("uk", ("decide",), "t")[1]
            house = state.keys.create("*", SCOPES, "test")[1]
        server = start_server(workspace)
        try:
            shop = Shop(server, page, other, public, key)
            declare(shop, house)
            yield shop
        finally:
            server.stop()
            pages.shutdown()


def declare(shop: Shop, key: str) -> None:
    connection = HTTPConnection(shop.server.host, shop.server.port, timeout=30)
    stores = json.dumps([{"store": "uk"}, {"store": "nl"}])
    connection.request("PUT", "/v1/stores", stores, {"authorization": f"Bearer {key}"})
    assert connection.getresponse().status == 202
    connection.close()


@contextlib.contextmanager
def opened(browser: Browser, url: str) -> Iterator[Page]:
    context = browser.new_context()
    page = context.new_page()
    page.goto(url)
    yield page
    context.close()


def test_what_a_page_of_the_store_sends_arrives_and_a_page_of_another_stores_does_not(
    browser: Browser, shop: Shop
) -> None:
    api = shop.address(f"/v1/beacon?key={shop.public}")
    with opened(browser, shop.other) as stranger:
        with stranger.expect_response(lambda answer: "/v1/beacon" in answer.url) as refused:
            assert stranger.evaluate(BEACON, [api, "cart"]), "a browser queues it all the same"
        assert refused.value.status == 403
    with opened(browser, shop.page) as page:
        assert page.evaluate(BEACON, [api, "view"])
        assert shop.until_came("view")
    assert (shop.events("view"), shop.events("cart")) == (1, 0)


def test_what_a_page_sends_as_it_is_left_arrives(browser: Browser, shop: Shop) -> None:
    with opened(browser, shop.page) as page:
        page.evaluate(ON_LEAVING, [shop.address(f"/v1/beacon?key={shop.public}"), "click"])
        page.goto("about:blank")
        assert shop.until_came("click")


def test_a_browser_hands_an_answer_to_a_page_of_the_keys_store_alone(browser: Browser, shop: Shop) -> None:
    asked = [shop.address("/v1/recommendations"), shop.key, "uk"]
    with opened(browser, shop.page) as page, opened(browser, shop.other) as other:
        assert page.evaluate(ASK, asked) == 200
        assert other.evaluate(ASK, asked) == "TypeError", "the preflight passes, the answer is withheld"
