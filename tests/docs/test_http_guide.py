"""Every example of the HTTP guide is sent as it stands, in order, and answered as the guide says."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
from pathlib import Path
from typing import Any

import httpx
import pytest

from shopkeeper.engines.state import open_state
from shopkeeper.serving.ports import SCOPES
from shopkeeper.web.app import create_app
from shopkeeper.web.http_protocol import HEAD_BYTES
from shopkeeper.wiring.settings import IntakeSettings, Settings
from shopkeeper.wiring.settings_serving import ServingSettings

GUIDE = (Path(__file__).parents[2] / "docs" / "guides" / "http.md").read_text("utf-8")
EXAMPLES = re.findall(r"```sh\n(curl .*?)```\n\n```json answer (\d+)\n(.*?)```", GUIDE, re.DOTALL)
ANYTHING = "…"


def request_of(command: str, key: str) -> dict[str, Any]:
    """Return what a curl command sends, read as a shell reads it."""
    words = iter(shlex.split(command.replace("\\\n", " ").replace("$KEY", key))[1:])
    sent: dict[str, Any] = {"headers": {}, "method": "GET"}
    for word in words:
        if word == "-X":
            sent["method"] = next(words)
        elif word == "-H":
            name, _, value = next(words).partition(": ")
            sent["headers"][name] = value
        elif word == "-d":
            sent["content"] = next(words)
            sent["method"] = "POST" if sent["method"] == "GET" else sent["method"]
        else:
            sent["url"] = word
    return sent


def differences(expected: object, found: object, at: str = "$") -> list[str]:
    """Return where an answer is not what the guide shows; `…` stands for anything."""
    if expected == ANYTHING:
        return []
    if isinstance(expected, dict) and isinstance(found, dict):
        names = [f"{at}: {sorted(expected)} is not {sorted(found)}"] if expected.keys() != found.keys() else []
        return names + [
            d for n in expected.keys() & found.keys() for d in differences(expected[n], found[n], f"{at}.{n}")
        ]
    if isinstance(expected, list) and isinstance(found, list):
        size = [f"{at}: {len(expected)} entries are not {len(found)}"] if len(expected) != len(found) else []
        pairs = zip(expected, found, strict=False)
        return size + [d for n, (e, f) in enumerate(pairs) for d in differences(e, f, f"{at}[{n}]")]
    return [] if expected == found else [f"{at}: {expected!r} is not {found!r}"]


async def run(workspace: Path) -> list[str]:
    """Send every example to a server in process; return what was not as shown."""
    settings = Settings(workspace=workspace)
    app, wrong = create_app(settings), []
    async with app.router.lifespan_context(app):
        state = open_state(settings.state_url)
        _, key = state.keys.create("uk", SCOPES, "test")
        state.close()
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app)) as client:
            for command, status, shown in EXAMPLES:
                answer = await client.request(**request_of(command, key))
                if answer.status_code != int(status):
                    wrong.append(f"{command}{answer.status_code} {answer.text}")
                wrong += [f"{command}{difference}" for difference in differences(json.loads(shown), answer.json())]
    return wrong


def test_every_example_is_answered_as_shown(tmp_path: Path) -> None:
    assert asyncio.run(run(tmp_path)) == []


def test_no_example_stands_without_its_answer() -> None:
    assert len(EXAMPLES) == len(re.findall(r"```sh\ncurl ", GUIDE)) == len(re.findall("```json answer", GUIDE)) > 7


def test_a_difference_is_seen() -> None:
    assert differences({"a": ["…", 1]}, {"a": [7, 1]}) == []
    assert differences({"a": [1], "b": "…"}, {"a": [2], "b": None}) == ["$.a[0]: 1 is not 2"]
    assert differences({"a": 1}, {"a": 1, "b": 2}) != []
    assert differences([1], [1, 2]) != []


@pytest.mark.parametrize(
    ("words", "limit"),
    [
        ("`serving.body_bytes`", f"{ServingSettings().body_bytes:,} bytes"),  # type: ignore[call-arg]
        ("`serving.batch_rows`", f"{ServingSettings().batch_rows:,}"),  # type: ignore[call-arg]
        ("`serving.k_limit`", f"{ServingSettings().k_limit}"),  # type: ignore[call-arg]
        ("`intake.future_seconds`", f"{IntakeSettings().future_seconds:g} s"),  # type: ignore[call-arg]
        ("request line and headers |", f"{HEAD_BYTES:,} bytes"),
    ],
)
def test_the_limits_are_those_of_the_settings(words: str, limit: str) -> None:
    [line] = [line for line in GUIDE.splitlines() if line.startswith("|") and words in line]
    assert f"| {limit} |" in line
