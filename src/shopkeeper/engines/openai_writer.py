"""A language model behind any server that speaks OpenAI's chat completions: hosted, llama.cpp, vLLM, Ollama."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from math import isfinite
from typing import Any

import httpx2
import msgspec
import openai

from shopkeeper.content.briefs import Asked, Brief, asked_of
from shopkeeper.content.ports import Written
from shopkeeper.engines.bounded_http import BoundedTransport
from shopkeeper.engines.call_pace import CallPace
from shopkeeper.engines.kept_answers import KeptAnswers
from shopkeeper.engines.month_budget import MonthBudget, Reserved
from shopkeeper.engines.writer_prices import Price
from shopkeeper.errors import Overloaded, Unavailable

LARGEST_ANSWER = 1_000_000  # bytes
_AGAIN = frozenset({408, 409, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Server:
    """Which model is asked, and how.

    Attributes:
        url: Up to and with `/v1`.
        model: As the server names it.
        api_key: Empty where it asks for none. None is ever taken from OPENAI_API_KEY.
        seconds: How long a call may take.
        tries: Most calls for one draft, where the server refuses or cannot be reached.
        output_tokens: Most tokens of an answer.
        parameters: Put into each request as they are, such as `{"temperature": 0.3}`.
        known_as: What kept answers know it by where its address changes; empty = its address.
    """

    url: str
    model: str
    api_key: str = ""
    seconds: float = 30.0
    tries: int = 3
    output_tokens: int = 1_200
    parameters: Mapping[str, Any] = field(default_factory=dict)
    known_as: str = ""


class OpenAiWriter:
    """Implements `content.ports.Writer`.

    A draft takes at most the turn's wait, and for each try `seconds` twice over (connecting and reading apart) with the
    pause between; a call that ran into its time is not made again. Used from any thread.

    Args:
        server: Whom to ask.
        price: What a call costs.
        budget: Holds the money.
        kept: Answers of before.
        pace: When a call may be made.
        now: The time, to read dates in Retry-After.
        transport: Carries the requests.
        closing: Called when it is closed, to end what was started for it.
    """

    def __init__(
        self,
        server: Server,
        price: Price,
        budget: MonthBudget,
        kept: KeptAnswers,
        pace: CallPace,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        transport: httpx2.BaseTransport | None = None,
        closing: Callable[[], None] = lambda: None,
    ) -> None:
        self._server = server
        self._closing = closing
        self._price = price
        self._budget = budget
        self._kept = kept
        self._pace = pace
        self._now = now
        timeout = httpx2.Timeout(server.seconds, connect=min(5.0, server.seconds))
        bounded = BoundedTransport(
            transport or httpx2.HTTPTransport(), server.seconds, LARGEST_ANSWER, time.monotonic, server.api_key
        )
        self._client = openai.OpenAI(
            base_url=server.url,
            api_key=server.api_key or "none",
            max_retries=0,
            timeout=timeout,
            # No redirect is followed and no proxy used: the key and the record go to this server alone.
            http_client=httpx2.Client(
                transport=bounded,
                timeout=timeout,
                follow_redirects=False,
                trust_env=False,
            ),
        )

    def write(self, brief: Brief) -> Written:
        """Return a draft; see the port."""
        return self.answer(asked_of(brief))

    def answer(self, question: Asked) -> Written:
        """Return the answer to any question, by the laws of the port: kept, paced, within the budget."""
        server = self._server
        asked = [
            question.key,
            server.known_as or server.url,
            server.model,
            server.output_tokens,
            dict(server.parameters),
        ]
        name = hashlib.blake2b(json.dumps(asked, sort_keys=True, default=str).encode(), digest_size=16).hexdigest()
        if (found := self._kept.get(name)) is not None:
            return found
        written = self._called(question)
        if written.parts:
            self._kept.put(name, written)
        return written

    def close(self) -> None:
        """Let go of the connections."""
        self._client.close()
        self._closing()

    def _called(self, question: Asked) -> Written:
        body = self._body(question)
        parameters = dict(self._server.parameters)
        most = self._price(len(json.dumps(body | parameters)), self._server.output_tokens)
        self._budget.require(most)  # nobody waits for a turn that cannot be paid
        for left in reversed(range(self._server.tries)):
            self._pace.enter()
            reserved = self._budget.reserve(most)
            try:
                raw = self._client.chat.completions.with_raw_response.create(**body, extra_body=parameters)
            except openai.APIStatusError as error:
                self._budget.settle(reserved, 0.0)
                self._refused(error, left)
            except openai.APIConnectionError as error:
                self._lost(error, reserved, left)
            else:
                self._pace.succeeded()
                return self._read(raw.content, question, reserved)
        raise AssertionError("the last try raises")  # pragma: no cover

    def _body(self, question: Asked) -> dict[str, Any]:
        schema = {"name": "text", "strict": True, "schema": question.schema}
        body: dict[str, Any] = {
            "model": self._server.model,
            "messages": [message._asdict() for message in question.messages],
            "response_format": {"type": "json_schema", "json_schema": schema},
        }
        if "max_completion_tokens" not in self._server.parameters:  # newer hosted models know this name alone
            body["max_tokens"] = self._server.output_tokens
        return body

    def _refused(self, error: openai.APIStatusError, left: int) -> None:
        """Wait as the server asks, or raise where that would be too long or is of no use."""
        status = error.status_code
        said = f"The writer's server {self._server.url} answered {status}: {str(error.message)[:200]!r}."
        if status not in _AGAIN:
            self._pace.failed()
            raise Unavailable(
                said, "Check writer_url, writer_model, writer_api_key and writer_parameters in [content]."
            )
        pause = self._pause(error.response.headers, left)
        if not left or not self._pace.pause(pause):
            self._pace.failed()
            raise Overloaded(said, pause)

    def _pause(self, headers: Mapping[str, str], left: int) -> float:
        """Seconds by Retry-After (a number or a date), else one second and twice as long each time."""
        said = headers.get("retry-after", "")
        try:
            seconds = float(said)
        except ValueError:
            try:
                seconds = (parsedate_to_datetime(said) - self._now()).total_seconds()
            except (TypeError, ValueError):
                seconds = float(2 ** (self._server.tries - 1 - left))
        return max(0.0, seconds) if isfinite(seconds) else 1.0

    def _lost(self, error: openai.APIConnectionError, reserved: Reserved, left: int) -> None:
        """Raise for a call without an answer, unless the server was not reached and may be in a moment."""
        reached = not isinstance(error.__cause__, httpx2.ConnectError | httpx2.ConnectTimeout)
        if not reached:
            self._budget.settle(reserved, 0.0)  # what was reached may have been billed: the money stays set aside
        if reached or not left or not self._pace.pause(float(2 ** (self._server.tries - 1 - left))):
            self._pace.failed()
            raise Unavailable(
                f"The writer's server {self._server.url} does not answer: {error.__cause__ or error!r}.",
                "See whether it runs; the realiser writes meanwhile.",
            ) from error

    def _read(self, content: bytes, question: Asked, reserved: Reserved) -> Written:
        try:
            answer = msgspec.json.decode(content, type=_Answer)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return Written((), f"No chat completion: {content[:80]!r}.", self._server.model, cost=reserved.dollars)
        usage = answer.usage
        if usage is None:  # what it took nobody knows, so what was set aside stays spent
            tokens_in = tokens_out = 0
            cost = reserved.dollars
        else:
            tokens_in, tokens_out = max(0, usage.prompt_tokens), max(0, usage.completion_tokens)
            cost = self._price(tokens_in, tokens_out)
            self._budget.settle(reserved, cost)
        parts, fault = _text(answer, question)
        return Written(parts, fault, answer.model[:200] or self._server.model, tokens_in, tokens_out, cost)


class _Message(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int = 0
    completion_tokens: int = 0


class _Answer(msgspec.Struct):
    choices: list[_Choice]
    model: str = ""
    usage: _Usage | None = None


def _text(answer: _Answer, question: Asked) -> tuple[tuple[str, ...], str]:
    if not answer.choices:
        return (), "The answer has no choices."
    choice = answer.choices[0]
    if choice.finish_reason == "length":
        return (), "The answer was cut off; raise writer_output_tokens in [content]."
    if choice.message.refusal:
        return (), f"The model refused: {choice.message.refusal[:80]!r}."
    return question.read(choice.message.content or "")
