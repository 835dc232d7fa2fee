"""The process aside as who asks sees it: too slow, too many, what went wrong."""

from __future__ import annotations

import asyncio
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import msgspec
import pytest

from shopkeeper.errors import ConfigError, FieldProblem, InputError, Unavailable, UnknownStore
from shopkeeper.registry.ports import ModelRegistry
from shopkeeper.wiring.pricing.aside import MOST_WAITING, ExplainAsked, Fault, PricesAside
from shopkeeper.wiring.settings import Settings

ASKED = ExplainAsked(product="lamp", store="uk")


def aside(folder: Path, champion: str | None = "v1", **how: Any) -> PricesAside:  # noqa: ANN401 - arguments of it
    registry = cast("ModelRegistry", SimpleNamespace(pointer=lambda _system, _alias: champion))
    return PricesAside(Settings(workspace=folder), registry, **how)


def test_an_answer_that_takes_too_long_is_given_up_and_its_process_ended(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="within 0 seconds"):
        asyncio.run(aside(tmp_path, seconds=0.0).explain(ASKED))


def test_without_a_version_that_serves_no_process_is_begun(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="No model of prices serves"):
        asyncio.run(aside(tmp_path, None, seconds=0.0).explain(ASKED))


def test_what_went_wrong_there_is_raised_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    problem = FieldProblem("rules.cost.fresh_days", "is 9999, above 3660")
    for error, kind in (
        (ConfigError("price-policy.yaml has 1 mistake(s).", "Mend it.", (problem,)), ConfigError),
        (UnknownStore("mars", ("uk",)), InputError),
    ):
        said = b"!" + msgspec.json.encode(Fault.of(error))

        async def answer(_self: PricesAside, _order: bytes, said: bytes = said) -> bytes:
            return said

        monkeypatch.setattr(PricesAside, "_said", answer)
        with pytest.raises(kind) as raised:
            asyncio.run(aside(tmp_path).explain(ASKED))
        assert raised.value.remedy == error.remedy
        assert all(one.reason in raised.value.reason for one in error.problems)


def test_who_comes_when_many_wait_is_told_so_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def many() -> list[object]:
        release = asyncio.Event()

        async def slow(_self: PricesAside, _order: bytes) -> bytes:
            await release.wait()
            return b"!" + msgspec.json.encode(Fault.of(InputError("done")))

        monkeypatch.setattr(PricesAside, "_said", slow)
        asked = aside(tmp_path)
        tasks = [asyncio.create_task(asked.explain(ASKED)) for _ in range(MOST_WAITING)]
        while asked.waiting < MOST_WAITING:
            await asyncio.sleep(0)
        with pytest.raises(Unavailable, match="other questions"):
            await asked.explain(ASKED)
        release.set()
        return list(await asyncio.gather(*tasks, return_exceptions=True))

    assert [str(one) for one in asyncio.run(many())] == ["done"] * MOST_WAITING
