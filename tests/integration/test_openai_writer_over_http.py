"""The writer against real servers on this machine: well, slow, busy, junk, malicious, and gone."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any, NamedTuple

import pytest
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, Response, StreamingResponse

from shopkeeper.content.ports import Writer
from shopkeeper.content.verifier import Verifier
from shopkeeper.content.write import Outcome, write_verified
from shopkeeper.engines.call_pace import CallPace
from shopkeeper.engines.kept_answers import KeptAnswers
from shopkeeper.engines.month_budget import MonthBudget
from shopkeeper.engines.openai_writer import OpenAiWriter, Server
from shopkeeper.engines.writer_prices import price_of
from shopkeeper.testing.writer_suite import BRIEF, WriterSuite

pytestmark = pytest.mark.integration

TRUE = "The Aria Kettle holds 1.7 L."
SECONDS = 1.0


class Asked(NamedTuple):
    """One request: which, from 1, and its last message."""

    number: int
    prompt: str


@dataclass
class Model:
    """A server that speaks chat completions and does to the n-th request what a scenario says."""

    does: Callable[[Asked], Response]
    asked: list[dict[str, Any]] = field(default_factory=list)

    def app(self) -> FastAPI:
        app = FastAPI()

        @app.post("/v1/chat/completions")
        async def complete(request: Request) -> Response:
            body = await request.json()
            self.asked.append(body)
            return self.does(Asked(len(self.asked), body["messages"][-1]["content"]))

        return app

    @contextmanager
    def listening(self) -> Iterator[str]:
        server = uvicorn.Server(uvicorn.Config(self.app(), port=0, log_level="error", ws="none", lifespan="off"))
        thread = Thread(target=server.run, daemon=True)
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            port = server.servers[0].sockets[0].getsockname()[1]
            yield f"http://127.0.0.1:{port}/v1"
        finally:
            server.should_exit = True
            server.force_exit = True
            thread.join(10)


def text(content: str) -> Response:
    choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 90, "completion_tokens": 30, "total_tokens": 120}
    return JSONResponse({"id": "1", "object": "chat.completion", "model": "m-1", "choices": [choice], "usage": usage})


def said(words: str) -> Response:
    return text(json.dumps({"text": words}))


def trickle(headers: Mapping[str, str] | None = None) -> Response:
    async def drops() -> Any:  # noqa: ANN401 - an async generator of a test
        while True:
            yield b" "
            await asyncio.sleep(0.05)

    return StreamingResponse(drops(), media_type="application/json", headers=headers)


def writer(url: str, folder: Path, dollars: float = 5.0) -> OpenAiWriter:
    return OpenAiWriter(
        Server(url, "m", "key", seconds=SECONDS),
        price_of(url, "m", 1.0, 10.0),
        MonthBudget(folder, dollars, lambda: datetime.now(UTC)),
        KeptAnswers(folder / "answers"),
        CallPace(6_000, 5.0, time.monotonic, time.sleep),
    )


class TestOpenAiWriterOverHttp(WriterSuite):
    @pytest.fixture
    def answering(self, tmp_path: Path) -> Iterator[Callable[[str], Writer]]:
        content = [""]
        with Model(lambda _: text(content[0])).listening() as url:

            def made(answer: str) -> Writer:
                content[0] = answer
                return writer(url, tmp_path)

            yield made

    @pytest.fixture
    def silent(self, tmp_path: Path) -> Iterator[Writer]:
        with Model(lambda _: trickle()).listening() as url:
            yield writer(url, tmp_path)

    @pytest.fixture
    def poor(self, tmp_path: Path) -> Iterator[Writer]:
        with Model(lambda _: said(TRUE)).listening() as url:
            yield writer(url, tmp_path, dollars=0.0001)


def written(model: Model, folder: Path) -> tuple[Outcome, float]:
    with model.listening() as url:
        began = time.monotonic()
        outcome = write_verified(BRIEF, writer(url, folder), Verifier())
        return outcome, time.monotonic() - began


def test_a_good_model_writes_and_the_next_process_pays_nothing(tmp_path: Path) -> None:
    model = Model(lambda _: said(TRUE))
    with model.listening() as url:
        first, again = (write_verified(BRIEF, writer(url, tmp_path), Verifier()) for _ in range(2))
    assert (first.exit, first.text, first.model) == ("first", TRUE, "m-1")
    assert (again.exit, again.text, again.cost, len(model.asked)) == ("first", TRUE, 0.0, 1)
    assert first.cost == (90 * 1.0 + 30 * 10.0) / 1e6


def test_a_model_mends_what_it_is_shown(tmp_path: Path) -> None:
    model = Model(lambda asked: said(TRUE if "earlier_draft" in asked.prompt else "It holds 3 L."))
    outcome, _ = written(model, tmp_path)
    assert (outcome.exit, outcome.text) == ("repaired", TRUE)


def test_a_busy_server_is_asked_again_when_it_says(tmp_path: Path) -> None:
    busy = Response(status_code=429, headers={"retry-after": "1"})
    outcome, took = written(Model(lambda asked: busy if asked.number == 1 else said(TRUE)), tmp_path)
    assert outcome.exit == "first"
    assert 1 <= took < 5


def test_a_server_busy_for_long_does_not_hold_the_text_up(tmp_path: Path) -> None:
    busy = Response(status_code=429, headers={"retry-after": "3600"})
    outcome, took = written(Model(lambda _: busy), tmp_path)
    assert (outcome.exit, outcome.publishable) == ("realiser", True)
    assert took < 3


@pytest.mark.parametrize("answer", [trickle, lambda: Response(status_code=500, content=b"x" * 3_000_000)])
def test_a_server_that_trickles_or_floods_does_not_hold_the_text_up(
    tmp_path: Path, answer: Callable[[], Response]
) -> None:
    outcome, took = written(Model(lambda _: answer()), tmp_path)
    assert (outcome.exit, outcome.publishable) == ("realiser", True)
    assert took < 3 * SECONDS + 3


def test_a_server_that_is_gone_does_not_hold_the_text_up(tmp_path: Path) -> None:
    with Model(lambda _: said(TRUE)).listening() as url:
        pass
    outcome = write_verified(BRIEF, writer(url, tmp_path), Verifier())
    assert (outcome.exit, [reason.rule for reason in outcome.reasons]) == ("realiser", ["writer.unavailable"])


@pytest.mark.parametrize(
    "content",
    [
        "Sure! Here is your text: the best kettle.",
        '{"text": "<script>fetch(\\"http://evil.test\\")</script> The Aria Kettle."}',
        '{"text": "Ignore the shop. Buy the red Aria Kettle at evil.com."}',
        '{"text": "The Aria Kettle heals and holds 9 L."}',
        '{"text": "' + "kettle " * 5_000 + '"}',
    ],
)
def test_junk_and_malice_are_never_published(tmp_path: Path, content: str) -> None:
    model = Model(lambda _: text(content))
    outcome, _ = written(model, tmp_path)
    assert (outcome.exit, outcome.publishable) == ("realiser", True)
    assert outcome.cost == pytest.approx(len(model.asked) * (90 * 1.0 + 30 * 10.0) / 1e6)
    assert len(model.asked) in {2, 3}  # who says the same again is not asked a third time
