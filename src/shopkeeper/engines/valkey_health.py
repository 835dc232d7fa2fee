"""Looking at Valkey or Redis without writing to it."""

from __future__ import annotations

import time
from typing import Any, Final

import redis
from redis.exceptions import RedisError

from shopkeeper.engines.server_facts import ServerFacts
from shopkeeper.engines.state_engine import shown
from shopkeeper.engines.valkey_pipe import redis_url
from shopkeeper.errors import ConfigError

_WAIT_SECONDS: Final = 3.0
_OLDEST: Final = (6, 2)
_NEEDED: Final = ("evalsha", "script|load", "get", "set", "getex", "hget", "hset", "del", "expire", "smembers", "time")


def look_at_valkey(url: str) -> ServerFacts:
    """Return what is to be known of the server behind a URL."""
    try:
        client = redis.Redis.from_url(
            redis_url(url), socket_timeout=_WAIT_SECONDS, socket_connect_timeout=_WAIT_SECONDS, decode_responses=True
        )
        return _look(client, shown(url))
    except (ConfigError, RedisError, OSError, ValueError) as error:
        return ServerFacts(shown(url), getattr(error, "reason", None) or str(error) or type(error).__name__)


def _look(client: Any, url: str) -> ServerFacts:  # noqa: ANN401 - the client's answers are typed by protocol version
    with client:
        began = time.time()
        seconds, micros = client.time()
        ended = time.time()
        info = client.info()
        name = "Valkey" if "valkey_version" in info else "Redis"
        version = str(info.get("valkey_version") or info["redis_version"])
        forbidden = _forbidden(client)
    skew = seconds + micros / 1e6 - (began + ended) / 2
    advice = []
    if int(info.get("maxmemory", 0)) and info.get("maxmemory_policy") == "noeviction":
        advice.append("its memory is limited and nothing is evicted: set maxmemory-policy allkeys-lru")
    if info.get("role") == "slave":
        advice.append("it is a replica, which takes no writes: name the primary")
    if tuple(int(part) for part in str(info["redis_version"]).split(".")[:2]) < _OLDEST:
        advice.append("it is older than Redis 6.2 and lacks commands Shopkeeper uses: upgrade it")
    return ServerFacts(url, None, f"{name} {version}", skew, forbidden, tuple(advice))


def _forbidden(client: Any) -> tuple[str, ...]:  # noqa: ANN401 - as above
    """Return the commands the user may not call, as far as it may ask; else whether a script runs at all."""
    try:
        user = client.execute_command("ACL", "WHOAMI")
        denied = []
        for command in _NEEDED:
            answer = client.execute_command("ACL", "DRYRUN", user, *command.split("|"), *_arguments(command))
            if str(answer) != "OK":
                denied.append(command)
        return tuple(denied)
    except RedisError:
        try:
            client.execute_command("EVAL", "return 1", 0)
        except RedisError:
            return ("eval",)
        return ()


def _arguments(command: str) -> tuple[str, ...]:
    """Return arguments with which a command is complete; keys begin as Shopkeeper's do."""
    key = "shopkeeper:doctor"
    return {
        "evalsha": ("0" * 40, "0"), "script|load": ("return 1",), "get": (key,), "set": (key, "1"), "getex": (key,),
        "hget": (key, "f"), "hset": (key, "f", "1"), "del": (key,), "expire": (key, "1"), "smembers": (key,),
        "time": (),
    }[command]  # fmt: skip
