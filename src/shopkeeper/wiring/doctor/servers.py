"""The servers that settings name: whether they answer, as what, with which clock, and what they let this user do."""

from __future__ import annotations

import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from shopkeeper.engines.clickhouse_health import look_at_clickhouse
from shopkeeper.engines.clickhouse_loading import Behind
from shopkeeper.engines.postgres_health import look_at_postgres
from shopkeeper.engines.server_facts import ServerFacts
from shopkeeper.engines.state_engine import shown
from shopkeeper.engines.valkey_health import look_at_valkey
from shopkeeper.wiring.doctor.finding import Finding, passed
from shopkeeper.wiring.doctor.machine import CLOCK_FAIL_SECONDS, CLOCK_WARN_SECONDS

MIRROR_WARN_SECONDS = 600.0
"""A server loads every `serving.seal_seconds` (20 s); rows that wait this long wait for something that is broken."""
_CONNECT_SECONDS = 3.0
_POSTGRES = frozenset({"postgres", "postgresql"})
_CLICKHOUSE = frozenset({"clickhouse", "clickhouses"})
_VALKEY = frozenset({"valkey", "valkeys", "redis", "rediss", "unix"})
_PORTS = {"http": 80, "https": 443}
_MEANWHILE = {
    "warehouse_url": " Until then, reads run on the lake.",
    "cache_url": " Until then, each process goes on with the profiles it holds.",
}


def about_servers(urls: Mapping[str, str], lake_folder: Path) -> Iterator[Finding]:
    """Yield a finding for each URL that names a server; files and folders are left out."""
    for setting, url in urls.items():
        scheme = urlsplit(url).scheme.partition("+")[0]
        if scheme in _POSTGRES:
            yield check_server(setting, look_at_postgres(url))
        elif scheme in _VALKEY:
            yield check_server(setting, look_at_valkey(url))
        elif scheme in _CLICKHOUSE:
            facts, behind = look_at_clickhouse(url, lake_folder)
            yield check_server(setting, facts)
            if facts.trouble is None:
                yield check_mirror(behind)
        elif urlsplit(url).hostname:
            yield check_server(setting, look_at_port(url))


def check_server(setting: str, facts: ServerFacts) -> Finding:
    """Judge whether a server answers, lets this user do what is needed, and has the time."""
    name = f"engine.{setting}"
    if facts.trouble is not None:
        remedy = f"Start it, or mend engines.{setting}; a firewall between here and there would look the same."
        return Finding(name, "fail", f"{facts.url}: {facts.trouble}", remedy + _MEANWHILE.get(setting, ""))
    what = f"{facts.url} answers" + (f", {facts.version}, clock {facts.skew:+.2f} s" if facts.version else "")
    if facts.forbidden:
        remedy = f"Grant them to the user of engines.{setting}, on its own database."
        return Finding(name, "fail", f"{what}; this user may not: {', '.join(facts.forbidden)}", remedy)
    if abs(facts.skew) >= CLOCK_WARN_SECONDS:
        remedy = "Set the clocks of both machines by NTP; times of rows and lives of answers depend on them."
        return Finding(name, "fail" if abs(facts.skew) >= CLOCK_FAIL_SECONDS else "warn", what, remedy)
    if facts.advice:
        advice = "; ".join(facts.advice)
        return Finding(name, "warn", what, f"{advice[0].upper()}{advice[1:]}.")
    return passed(name, what)


def check_mirror(behind: Behind | None) -> Finding:
    """Judge how far ClickHouse is behind the lake."""
    name = "warehouse.mirror"
    if behind is None:
        return Finding(name, "warn", "nothing was ever loaded", "Run `shopkeeper check`, or start `shopkeeper serve`.")
    what = f"{behind.rows:,} rows behind the lake, the oldest since {behind.seconds:.0f} s"
    if behind.rows and behind.seconds > MIRROR_WARN_SECONDS:
        remedy = "Keep `shopkeeper serve` running, which loads it; its log says why a load breaks off."
        return Finding(name, "warn", what, remedy)
    return passed(name, what)


def look_at_port(url: str) -> ServerFacts:
    """Return whether the server behind a URL of another kind accepts a connection."""
    parts = urlsplit(url)
    host, port = str(parts.hostname), parts.port or _PORTS.get(parts.scheme)
    if port is None:
        return ServerFacts(shown(url), "the URL names no port")
    try:
        socket.create_connection((host, port), _CONNECT_SECONDS).close()
    except OSError as error:
        return ServerFacts(shown(url), error.strerror or str(error))
    return ServerFacts(shown(url))
