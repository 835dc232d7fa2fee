"""What NGINX's files say of the server is so."""

from __future__ import annotations

import inspect
import re

import uvicorn
import yaml
from starlette.routing import Match
from tests.deploy.manifests import BASE, NGINX, named

from shopkeeper.web.app import ShopServer
from shopkeeper.wiring.settings_serving import ServingSettings

SERVER = (NGINX / "server.conf").read_text("utf-8")
UPSTREAMS = sorted(NGINX.glob("upstreams*.conf"))


def locations() -> dict[str, str]:
    """Return what each location of the server says."""
    return dict(re.findall(r"^    location ([^{]+?) \{\n(.*?)^    \}", SERVER, re.M | re.S))


def test_only_the_hot_routes_which_bear_it_are_asked_again_by_post(server: ShopServer) -> None:
    again = {place for place, text in locations().items() if "non_idempotent" in text}
    matched = {
        path
        for path in server.openapi()["paths"]
        for place in again
        if re.search(place.removeprefix("~ "), path) or place == f"= {path}"
    }
    assert matched == set(server.hot)


def test_every_location_names_a_route_of_the_server(server: ShopServer) -> None:
    named_here = [place.removeprefix("= ") for place in locations() if place.startswith("= ")]
    assert len(named_here) == 2
    for path in named_here:
        scope = {"type": "http", "path": path, "root_path": "", "method": "POST" if path in server.hot else "GET"}
        assert any(route.matches(scope)[0] is Match.FULL for route in server.router.routes), path


def test_the_counters_are_not_for_everybody() -> None:
    assert locations()["= /metrics"].split() == ["return", "404;"]


def test_a_body_that_the_server_takes_gets_through() -> None:
    (mebibytes,) = re.findall(r"client_max_body_size (\d+)m;", SERVER)
    assert int(mebibytes) * 1024 * 1024 >= ServingSettings.model_fields["body_bytes"].default


def test_nginx_lets_go_of_an_idle_connection_before_the_server_does() -> None:
    server_seconds = inspect.signature(uvicorn.Config.__init__).parameters["timeout_keep_alive"].default
    for file in UPSTREAMS:
        found = re.findall(r"keepalive_timeout (\d+)s;", file.read_text("utf-8"))
        assert len(found) == 2, file.name
        assert all(int(seconds) < server_seconds for seconds in found), file.name


def test_shoppers_are_spread_by_a_hash_that_moves_few_and_there_is_a_backup() -> None:
    for file in UPSTREAMS:
        text = file.read_text("utf-8")
        assert re.findall(r"^upstream (\w+) \{", text, re.M) == ["shopkeeper", "shopkeeper_backup"], file.name
        assert text.count("hash $shopper consistent;") == 1, file.name
    used = set(re.findall(r"proxy_pass http://(\w+);", SERVER))
    assert used == {"shopkeeper", "shopkeeper_backup"}


def test_names_and_ports_on_kubernetes_are_those_of_its_services() -> None:
    namespace = yaml.safe_load((BASE / "kustomization.yaml").read_text("utf-8"))["namespace"]
    text = (NGINX / "upstreams.kubernetes.conf").read_text("utf-8")
    found = re.findall(r"server ([\w-]+)\.([\w-]+)\.svc\.cluster\.local:(\d+) resolve", text)
    assert [name for name, _, _ in found] == ["shopkeeper-serve", "shopkeeper-serve-any"]
    for name, place, port in found:
        assert place == namespace
        assert named("Service", name)["spec"]["ports"][0]["port"] == int(port)
    assert named("Service", "shopkeeper-serve-any")["spec"]["publishNotReadyAddresses"] is True
    assert "publishNotReadyAddresses" not in named("Service", "shopkeeper-serve")["spec"]


def test_the_container_gets_every_file_that_is_included() -> None:
    listed = yaml.safe_load((NGINX / "kustomization.yaml").read_text("utf-8"))["configMapGenerator"][0]["files"]
    given = {name.split("=")[0] for name in listed}
    included = {one for name in given for one in re.findall(r"include ([\w.]+);", _shipped(name))}
    assert included | {"nginx.conf"} == given


def _shipped(name: str) -> str:
    return (NGINX / name).read_text("utf-8")
