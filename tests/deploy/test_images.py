"""What the Dockerfile says is there, and what the images need is in it."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from typing import Any

import pytest
from tests.deploy.command_line import understood
from tests.deploy.manifests import DEPLOY

from shopkeeper.web.app import ShopServer
from shopkeeper.wiring.settings_serving import ServingSettings

ROOT = DEPLOY.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def instructions(target: str) -> list[tuple[str, str]]:
    """Return the instructions of an image, those of what it is made from first."""
    text = re.sub(r"\\\n", " ", re.sub(r"^#.*\n", "", (DEPLOY / "docker/Dockerfile").read_text("utf-8"), flags=re.M))
    stages: dict[str, list[tuple[str, str]]] = {}
    current: list[tuple[str, str]] = []
    for line in filter(None, map(str.strip, text.splitlines())):
        word, _, rest = line.partition(" ")
        if word == "FROM":
            parent, _, name = rest.partition(" AS ")
            current = stages.setdefault(name, list(stages.get(parent, [])))
        current.append((word, rest.strip()))
    return stages[target]


def last(target: str, word: str) -> str:
    return [rest for found, rest in instructions(target) if found == word][-1]


@pytest.mark.parametrize("target", ["serve", "work"])
def test_an_image_starts_a_verb_of_the_command_as_nobody_special(target: str) -> None:
    (entry,) = json.loads(last(target, "ENTRYPOINT"))
    assert entry in PROJECT["scripts"]
    assert understood(json.loads(last(target, "CMD"))) == target
    assert last(target, "USER") == "10001:10001"


@pytest.mark.parametrize("target", ["build-serve", "build-work"])
def test_extras_exist_and_all_is_pinned(target: str) -> None:
    command = last(target, "RUN")
    (extras,) = re.findall(r"'\.\[([\w,-]+)\]'", command)
    assert set(extras.split(",")) <= set(PROJECT["optional-dependencies"])
    assert "-c constraints.txt" in command


def test_the_serving_image_gets_no_torch() -> None:
    (extras,) = re.findall(r"'\.\[([\w,-]+)\]'", last("build-serve", "RUN"))
    wanted = [name for extra in extras.split(",") for name in PROJECT["optional-dependencies"][extra]]
    assert not any(name.startswith(("torch", "mlflow", "optuna", "shopkeeper[")) for name in wanted)


def test_what_is_copied_exists_and_is_let_into_the_build() -> None:
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    copied = [shlex.split(rest)[:-1] for word, rest in instructions("build") if word == "COPY"]
    paths = {path for group in copied for path in group}
    assert paths == let_in
    assert [path for path in paths if not (ROOT / path).exists()] == []


def test_the_wheel_needs_nothing_that_is_not_copied() -> None:
    (project_files,) = [shlex.split(rest) for word, rest in instructions("build") if word == "COPY" and "./" in rest]
    assert {PROJECT["readme"], *PROJECT["license-files"]} <= set(project_files)


def test_python_is_one_that_the_project_runs_on() -> None:
    (found,) = re.findall(r"^ARG PYTHON=3\.(\d+)-", (DEPLOY / "docker/Dockerfile").read_text("utf-8"), re.M)
    (least,) = re.findall(r">=3\.(\d+)", PROJECT["requires-python"])
    assert int(found) >= int(least)


def test_the_health_check_asks_a_route_of_the_server_at_the_port_it_listens_on(server: ShopServer) -> None:
    (port,) = re.findall(r"http://127\.0\.0\.1:(\d+)/readyz'", last("serve", "HEALTHCHECK"))
    assert int(port) == int(last("serve", "EXPOSE")) == ServingSettings.model_fields["port"].default
    assert "/readyz" in server.openapi()["paths"]
