"""A real NGINX before real servers: they stand still, fail, are restarted and die, and no shopper notices."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, suppress
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from threading import Thread

import pytest
from tests.deploy.test_images import last
from tests.integration.behind_nginx import Nginx, Server, Shoppers, call, free_port, start_servers, tries, until
from tests.integration.test_deploy_files import program

from shopkeeper.engines.lake import Lake
from shopkeeper.engines.state import open_state
from shopkeeper.quality.ports import NamedQuery
from shopkeeper.testing.small_shop import STORE, register_version, stock_up
from shopkeeper.wiring.settings import load_settings

pytestmark = pytest.mark.integration
BUSY_FOR = 10
"""Requests: more than the failed tries after which a server is left alone."""


@dataclass
class Fleet:
    """Two servers that shoppers reach, and one that stands by."""

    workspace: Path
    key: str
    one: Server
    other: Server
    backup: Server
    nginx: Nginx

    @property
    def servers(self) -> tuple[Server, Server, Server]:
        return self.one, self.other, self.backup

    def post(self, path: str, body: object) -> tuple[int, dict[str, str], bytes]:
        return call(self.nginx.port, self.key, "POST", path, body)


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    nginx = program("nginx", "apt-get install nginx brings it")
    workspace = tmp_path_factory.mktemp("shop")
    # A slow machine is no fault of a model.
    (workspace / "shopkeeper.toml").write_text("[serving]\ndeadline_ms = 5000\n")
    settings = load_settings(workspace)
    with closing(open_state(settings.state_url)) as state:
        _, key = state.keys.create("*", ["events", "decide", "manage"], "test")
        stock_up(state.tables)
        version = register_version(state.registry, settings.folder(settings.engines.models), 1)
        state.registry.point("recommendations", "champion", version, "test", "test")
    servers = start_servers(workspace, 3)
    one, other, backup = servers
    proxy = Nginx(nginx, tmp_path_factory.mktemp("nginx"), [one.address, other.address], backup.address)
    yield Fleet(workspace, key, one, other, backup, proxy)
    proxy.stop()
    for server in servers:
        if server.process.poll() is None:
            with suppress(ProcessLookupError):
                server.signal(signal.SIGCONT)
            server.end(signal.SIGKILL)


def events_in_lake(workspace: Path) -> list[str]:
    """Return the ids of all events as any other process sees them."""
    lake = Lake(workspace / "log", workspace / "lake")
    lake.compact()
    with closing(lake.warehouse()) as warehouse:
        return list(warehouse.fetch(NamedQuery("ids", "SELECT event_id FROM events"))["event_id"])


def test_a_shopper_comes_to_one_server_whichever_way_the_request_names_them(fleet: Fleet) -> None:
    before = len(fleet.nginx.answers())
    names = [f"shopper-{n}" for n in range(20)]
    for name in names:
        fleet.post("/v1/recommendations", {"store": STORE, "k": 2, "visitor": name, "user": "somebody"})
        fleet.post("/v1/recommendations", {"k": 2, "user": name, "store": STORE, "session": "a visit"})
        call(fleet.nginx.port, fleet.key, "GET", f"/v1/trending?store={STORE}&user={name}")
    until(lambda: len(fleet.nginx.answers()) == before + 3 * len(names), "every answer is logged")
    answers = [one["servers"] for one in fleet.nginx.answers()[before:]]
    of_shopper = [set(answers[3 * n : 3 * n + 3]) for n in range(len(names))]
    assert [len(servers) for servers in of_shopper] == [1] * len(names)
    assert set.union(*of_shopper) == {fleet.one.address, fleet.other.address}


def test_counters_are_not_passed_on_and_a_large_body_is_refused_in_the_servers_own_form(fleet: Fleet) -> None:
    assert call(fleet.nginx.port, fleet.key, "GET", "/metrics")[0] == 404
    status, headers, body = fleet.post("/v1/events", "x" * 5_000_000)
    assert (status, headers["content-type"]) == (413, "application/problem+json")
    assert json.loads(body)["status"] == 413


def test_the_images_health_check_is_well_where_a_server_is_ready_and_ill_where_none_is(fleet: Fleet) -> None:
    probe: list[str] = json.loads(last("serve", "HEALTHCHECK").partition("CMD ")[2])

    def exit_code(port: int) -> int:
        command = [sys.executable, *(part.replace(":8000/", f":{port}/") for part in probe[1:])]
        return subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode

    assert (probe[0], exit_code(fleet.one.port), exit_code(free_port())) == ("python", 0, 1)


class _Busy(BaseHTTPRequestHandler):
    """Has more to do than it can, for as many requests as `BUSY_FOR`; then it answers."""

    asked = count(1)

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["content-length"]))
        self.send_response(503 if next(self.asked) <= BUSY_FOR else 200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_request(self, *_: object) -> None:
        """Say nothing."""


def test_a_busy_server_sends_what_is_too_much_to_the_backup_and_stays_in_its_place(
    fleet: Fleet, tmp_path: Path
) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Busy) as busy:
        Thread(target=busy.serve_forever).start()
        address = f"127.0.0.1:{busy.server_port}"
        nginx = Nginx(fleet.nginx.program, tmp_path, [address, fleet.other.address], fleet.backup.address)
        try:
            for visit in range(12 * BUSY_FOR):  # a new shopper each, of whom about half belong to the busy server
                asked = {"store": STORE, "k": 2, "visitor": f"shopper-{visit}"}
                assert call(nginx.port, fleet.key, "POST", "/v1/recommendations", asked)[0] == 200
            until(lambda: len(nginx.answers()) == 12 * BUSY_FOR, "every answer is logged")
        finally:
            nginx.stop()
            busy.shutdown()
    of_busy = [way for way in map(tries, nginx.answers()) if way[0][0] == address]
    passed_on = [(address, "503"), (fleet.backup.address, "200")]
    assert of_busy[: BUSY_FOR + 1] == [*[passed_on] * BUSY_FOR, [(address, "200")]]


def test_no_shopper_notices_when_servers_stand_still_fill_their_disk_are_restarted_and_die(fleet: Fleet) -> None:
    one, other, nginx = fleet.one, fleet.other, fleet.nginx
    shoppers = Shoppers(nginx.port, fleet.key)
    try:
        one.signal(signal.SIGSTOP)
        nginx.until_turned_away(one, 504, "a request waited for a server that stands still")
        one.signal(signal.SIGCONT)
        nginx.until_served_by(one)

        one.bound_files(0)
        nginx.until_turned_away(one, 503, "an event did not fit on a server's disk")
        one.bound_files(resource.RLIM_INFINITY)
        nginx.until_served_by(one)

        for server in (one, other):
            assert server.end(signal.SIGTERM) == 0
            server.restart()
            nginx.until_served_by(server)

        for server in (one, other):
            assert server.end(signal.SIGKILL) == -signal.SIGKILL
            nginx.until_turned_away(server, 502, "a request came to a killed server")
        nginx.until_served_by(fleet.backup)
    finally:
        shoppers.leave()
    assert shoppers.failed == []

    status, headers, body = fleet.post("/v1/price-runs", {"store": STORE})
    assert (status, headers["content-type"]) == (502, "application/problem+json")
    assert "may have been done" in json.loads(body)["detail"]

    fleet.backup.end(signal.SIGKILL)
    status, headers, body = fleet.post("/v1/recommendations", {"store": STORE, "k": 2})
    assert (status, headers["content-type"], headers["retry-after"]) == (503, "application/problem+json", "1")
    assert set(json.loads(body)) == {"type", "title", "status", "detail", "remedy", "errors"}

    kept = events_in_lake(fleet.workspace)
    assert set(shoppers.taken) <= set(kept)
    assert len(kept) == len(set(kept))
