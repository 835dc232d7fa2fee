"""The writer behind chat completions: what it sends, what it believes, when it asks again, and what it spends."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import httpx2
import pytest

from shopkeeper.content.ports import Writer
from shopkeeper.engines.call_pace import LIMITS, CallPace
from shopkeeper.engines.kept_answers import KeptAnswers
from shopkeeper.engines.month_budget import MonthBudget
from shopkeeper.engines.openai_writer import OpenAiWriter, Server
from shopkeeper.engines.writer_prices import price_of
from shopkeeper.errors import ConfigError, Overloaded, RefusedBudget, Unavailable
from shopkeeper.testing.writer_suite import BRIEF, WriterSuite

URL = "http://model.test/v1"
NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
TEXT = '{"text": "The Aria Kettle holds 1.7 L."}'
Answer = httpx2.Response | Exception


@dataclass
class Clock:
    """Time that passes only where somebody waits."""

    at: float = 0.0
    waited: list[float] = field(default_factory=list)

    def __call__(self) -> float:
        return self.at

    def wait(self, seconds: float) -> None:
        self.waited.append(seconds)
        self.at += seconds


def completion(content: str, **more: object) -> httpx2.Response:
    choice = {"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 100, "completion_tokens": 50}
    return httpx2.Response(200, json={"model": "small-1", "choices": [choice], "usage": usage, **more})


@dataclass
class Shop:
    """A writer whose server answers by a script, its last line again and again."""

    folder: Path
    script: list[Answer]
    clock: Clock = field(default_factory=Clock)
    dollars: float = 1.0
    server: Server = field(default_factory=lambda: Server(URL, "small", "key-1"))
    calls_per_minute: float = 6_000.0
    asked: list[httpx2.Request] = field(default_factory=list)

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        found = self.script[min(len(self.asked), len(self.script) - 1)]
        self.asked.append(request)
        if isinstance(found, Exception):
            raise found
        return httpx2.Response(found.status_code, headers=found.headers, content=found.content)

    @property
    def budget(self) -> MonthBudget:
        return MonthBudget(self.folder, self.dollars, lambda: NOW)

    def writer(self) -> OpenAiWriter:
        return OpenAiWriter(
            self.server,
            price_of(URL, "small", 1.0, 10.0),
            self.budget,
            KeptAnswers(self.folder / "answers"),
            CallPace(self.calls_per_minute, 20.0, self.clock, self.clock.wait),
            now=lambda: NOW,
            transport=httpx2.MockTransport(self.answer),
        )


COST = (100 * 1.0 + 50 * 10.0) / 1e6


class TestOpenAiWriter(WriterSuite):
    @pytest.fixture
    def answering(self, tmp_path: Path) -> Callable[[str], Writer]:
        return lambda text: Shop(tmp_path, [completion(text)]).writer()

    @pytest.fixture
    def silent(self, tmp_path: Path) -> Writer:
        return Shop(tmp_path, [httpx2.ReadTimeout("too long")]).writer()

    @pytest.fixture
    def poor(self, tmp_path: Path) -> Writer:
        return Shop(tmp_path, [completion(TEXT)], dollars=0.001).writer()


def test_a_request_has_model_schema_prompt_and_key_and_nothing_of_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_BASE_URL"):
        monkeypatch.setenv(name, "somebody-elses")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "X-Key: somebody-elses\nAuthorization: Bearer somebody-elses")
    shop = Shop(tmp_path, [completion(TEXT)], server=Server(URL, "small", "", parameters={"temperature": 0.3}))
    shop.writer().write(BRIEF)
    (request,) = shop.asked
    body = json.loads(request.content)
    assert str(request.url) == f"{URL}/chat/completions"
    assert (body["model"], body["temperature"], body["max_tokens"]) == ("small", 0.3, 1_200)
    assert body["response_format"]["json_schema"]["schema"]["required"] == ["text"]
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert "tools" not in body
    assert "authorization" not in request.headers
    assert "somebody-elses" not in str(request.headers.raw) + str(request.url)


def test_a_key_of_our_own_is_sent_whatever_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "Authorization: Bearer somebody-elses")
    shop = Shop(tmp_path, [completion(TEXT)])
    shop.writer().write(BRIEF)
    assert shop.asked[0].headers.get_list("authorization") == ["Bearer key-1"]


def test_one_name_for_the_limit_of_an_answer_is_sent(tmp_path: Path) -> None:
    shop = Shop(tmp_path, [completion(TEXT)], server=Server(URL, "s", parameters={"max_completion_tokens": 9}))
    shop.writer().write(BRIEF)
    body = json.loads(shop.asked[0].content)
    assert (body["max_completion_tokens"], "max_tokens" in body) == (9, False)


def test_a_parameter_of_one_server_alone_is_sent_as_it_is(tmp_path: Path) -> None:
    shop = Shop(tmp_path, [completion(TEXT)], server=Server(URL, "s", parameters={"repeat_penalty": 1.15}))
    assert shop.writer().write(BRIEF).parts
    assert json.loads(shop.asked[0].content)["repeat_penalty"] == 1.15


def test_an_answer_is_kept_by_the_models_file_where_its_address_is_another_each_time(tmp_path: Path) -> None:
    first = Shop(tmp_path, [completion(TEXT)], server=Server("http://127.0.0.1:1/v1", "s", known_as="file-1"))
    again = Shop(tmp_path, [completion(TEXT)], server=Server("http://127.0.0.1:2/v1", "s", known_as="file-1"))
    other = Shop(tmp_path, [completion(TEXT)], server=Server("http://127.0.0.1:2/v1", "s", known_as="file-2"))
    assert [shop.writer().write(BRIEF).kept for shop in (first, again, other)] == [False, True, False]


def test_what_was_started_for_a_writer_ends_with_it(tmp_path: Path) -> None:
    ended: list[bool] = []
    kept, budget = KeptAnswers(tmp_path), MonthBudget(tmp_path, 1.0, lambda: NOW)
    pace, price = CallPace(1.0, 1.0, Clock(), Clock().wait), price_of(URL, "small", 0, 0)
    OpenAiWriter(Server(URL, "small"), price, budget, kept, pace, closing=lambda: ended.append(True)).close()
    assert ended == [True]


def test_an_answer_is_paid_for_once_and_kept_for_other_processes(tmp_path: Path) -> None:
    shop = Shop(tmp_path, [completion(TEXT)])
    first = shop.writer().write(BRIEF)
    again = shop.writer().write(BRIEF)
    assert (first.cost, first.kept, again.cost, again.kept) == (COST, False, 0.0, True)
    assert again.parts == first.parts
    assert len(shop.asked) == 1
    assert shop.budget.spent() == pytest.approx(COST)
    shop.writer().write(replace(BRIEF, seed=1))
    assert len(shop.asked) == 2


def test_a_kept_answer_that_is_damaged_is_paid_for_again(tmp_path: Path) -> None:
    shop = Shop(tmp_path, [completion(TEXT)])
    shop.writer().write(BRIEF)
    (kept,) = (tmp_path / "answers").rglob("*.json")
    kept.write_text("half")
    assert shop.writer().write(BRIEF).parts


def test_junk_is_not_kept(tmp_path: Path) -> None:
    shop = Shop(tmp_path, [completion("Sure!"), completion(TEXT)])
    assert shop.writer().write(BRIEF).fault
    assert shop.writer().write(BRIEF).parts


@pytest.mark.parametrize(
    "junk",
    [
        httpx2.Response(200, text="<html>It works!</html>", headers={"content-type": "text/html"}),
        httpx2.Response(200, json={"choices": []}),
        httpx2.Response(200, json={"choices": [{"message": {"content": 7}}]}),
        httpx2.Response(200, json=[1]),
        httpx2.Response(200, content=b"\xff\xfe"),
        httpx2.Response(200, content=b"[" * 50_000),
        completion(TEXT, choices=[{"message": {"content": TEXT[:9]}, "finish_reason": "length"}]),
        completion(TEXT, choices=[{"message": {"refusal": "I will not."}}]),
        completion(TEXT, choices=[{"message": {"content": None}}]),
    ],
)
def test_an_answer_that_is_no_text_has_a_fault_and_a_cost(tmp_path: Path, junk: httpx2.Response) -> None:
    written = Shop(tmp_path, [junk]).writer().write(BRIEF)
    assert written.parts == ()
    assert written.fault
    assert written.cost > 0


def test_what_an_answer_without_figures_took_is_counted_as_the_most_it_can_be(tmp_path: Path) -> None:
    shop = Shop(tmp_path, [completion(TEXT, usage=None)])
    written = shop.writer().write(BRIEF)
    assert written.cost == shop.budget.spent() > 1_200 * 10.0 / 1e6


def test_a_server_cannot_pay_us_back(tmp_path: Path) -> None:
    usage = {"prompt_tokens": -(10**9), "completion_tokens": -1}
    shop = Shop(tmp_path, [completion(TEXT, usage=usage)])
    assert shop.writer().write(BRIEF).cost == 0
    assert shop.budget.spent() >= 0


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ("7", 7.0),
        (format_datetime(NOW + timedelta(seconds=9), usegmt=True), 9.0),
        ("soon", 1.0),
        ("nan", 1.0),
        ("-5", 0.0),
    ],
)
def test_retry_after_is_waited_for(tmp_path: Path, said: str, seconds: float) -> None:
    shop = Shop(tmp_path, [httpx2.Response(429, headers={"retry-after": said}), completion(TEXT)])
    assert shop.writer().write(BRIEF).parts
    assert sum(shop.clock.waited) == pytest.approx(seconds, abs=0.011)
    assert shop.budget.spent() == pytest.approx(COST)


def test_a_pause_that_is_too_long_is_told_at_once_and_nobody_is_asked_before_its_end(tmp_path: Path) -> None:
    shop = Shop(tmp_path, [httpx2.Response(429, headers={"retry-after": "300"}), completion(TEXT)])
    writer = shop.writer()
    for _ in range(2):
        with pytest.raises(Overloaded) as error:
            writer.write(BRIEF)
        assert error.value.retry_after_seconds == 300
    assert (len(shop.asked), shop.clock.waited) == (1, [])
    shop.clock.at += 300
    assert writer.write(BRIEF).parts


def test_a_server_that_fails_is_asked_again_with_growing_pauses_and_then_no_more(tmp_path: Path) -> None:
    shop = Shop(tmp_path, [httpx2.Response(503)])
    with pytest.raises(Unavailable, match="503"):
        shop.writer().write(BRIEF)
    assert len(shop.asked) == 3
    assert shop.clock.waited[:2] == [1.0, 2.0]
    assert shop.budget.spent() == 0


@pytest.mark.parametrize("status", [307, 400, 401, 404])
def test_a_request_the_server_will_never_take_is_not_repeated(tmp_path: Path, status: int) -> None:
    shop = Shop(tmp_path, [httpx2.Response(status, headers={"location": "http://evil.test/"})])
    with pytest.raises(Unavailable, match=str(status)):
        shop.writer().write(BRIEF)
    assert [request.url.host for request in shop.asked] == ["model.test"]


def test_a_call_that_ran_into_its_time_is_not_repeated_and_its_money_stays_set_aside(tmp_path: Path) -> None:
    shop = Shop(tmp_path, [httpx2.ReadTimeout("slow")])
    with pytest.raises(Unavailable):
        shop.writer().write(BRIEF)
    assert len(shop.asked) == 1
    assert shop.budget.spent() > 0


def test_a_server_that_is_down_costs_nothing_and_soon_no_time(tmp_path: Path) -> None:
    shop = Shop(tmp_path, [httpx2.ConnectError("refused")])
    writer = shop.writer()
    for _ in range(50):
        with pytest.raises(Unavailable):
            writer.write(BRIEF)
    assert len(shop.asked) == LIMITS.failures * shop.server.tries
    assert shop.budget.spent() == 0
    shop.script = [completion(TEXT)]
    shop.clock.at += LIMITS.open_seconds
    assert writer.write(BRIEF).parts


def test_calls_are_spread_over_the_minute(tmp_path: Path) -> None:
    shop = Shop(tmp_path, [completion(TEXT)], calls_per_minute=30)
    writer = shop.writer()
    for seed in range(3):
        writer.write(replace(BRIEF, seed=seed))
    assert shop.clock.waited == [60 / 30, 60 / 30]


def most_of_a_call(shop: Shop) -> float:
    """What is set aside for a call, by one that ran into its time."""
    other = Shop(shop.folder / "other", [httpx2.ReadTimeout("slow")])
    with pytest.raises(Unavailable):
        other.writer().write(replace(BRIEF, seed=9))  # as long as any seed below
    return other.budget.spent()


def test_the_budget_of_a_month_holds_over_processes(tmp_path: Path) -> None:
    most = 0.02
    shop = Shop(tmp_path, [completion(TEXT)], dollars=most)
    set_aside = most_of_a_call(shop)
    afforded = 0
    while shop.budget.spent() + set_aside <= most:
        shop.writer().write(replace(BRIEF, seed=afforded))
        afforded += 1
    with pytest.raises(RefusedBudget, match=r"of \$0\.02"):
        shop.writer().write(replace(BRIEF, seed=afforded))
    assert afforded > 3
    assert 0 < shop.budget.spent() <= most
    assert MonthBudget(tmp_path, most, lambda: NOW + timedelta(days=30)).spent() == 0


def test_nobody_waits_for_a_turn_that_cannot_be_paid(tmp_path: Path) -> None:
    shop = Shop(tmp_path, [completion(TEXT)], dollars=0.001, calls_per_minute=1)
    writer = shop.writer()
    for _ in range(3):
        with pytest.raises(RefusedBudget):
            writer.write(BRIEF)
    assert (shop.asked, shop.clock.waited) == ([], [])


def test_many_at_once_do_not_set_aside_more_than_there_is(tmp_path: Path) -> None:
    def tried(budget: MonthBudget) -> bool:
        try:
            budget.reserve(0.25)
        except RefusedBudget:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        given = list(pool.map(tried, [MonthBudget(tmp_path, 1.0, lambda: NOW) for _ in range(16)]))
    assert given.count(True) == 1.0 / 0.25


def test_what_a_killed_process_set_aside_stays_spent_and_its_half_line_harms_nobody(tmp_path: Path) -> None:
    MonthBudget(tmp_path, 1.0, lambda: NOW).reserve(0.25)
    (path,) = tmp_path.glob("spent-*.jsonl")
    path.write_bytes(path.read_bytes() + b'{"at": "20')
    budget = MonthBudget(tmp_path, 1.0, lambda: NOW)
    reserved = budget.reserve(0.5)
    budget.settle(reserved, 0.125)
    assert MonthBudget(tmp_path, 1.0, lambda: NOW).spent() == budget.spent() == 0.25 + 0.125


def test_a_price_is_set_or_listed_or_refused() -> None:
    assert price_of(URL, "small", 0.0, 0.0)(1_000, 1_000) == 0
    assert price_of("https://api.openai.com/v1", "gpt-5-mini", None, None)(1_000, 100) > 0
    for dollars in ((None, None), (1.0, None), (None, 0.0)):
        with pytest.raises(ConfigError, match="price"):
            price_of(URL, "small", *dollars)
