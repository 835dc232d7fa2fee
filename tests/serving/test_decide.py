"""Every decision ends in an answer, whatever the model does, and every answer obeys the shelf of its moment."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from typing import Any

import msgspec
import pytest

from shopkeeper.commerce.decision import DecisionRecord
from shopkeeper.experiments.live_test import StopOrder
from shopkeeper.experiments.sticky import MemorySticky
from shopkeeper.serving.arms import LiveArms
from shopkeeper.serving.breaker import Breaker, BreakerLimits
from shopkeeper.serving.cache import AnswerCache
from shopkeeper.serving.decide import Decider, Decision, Surroundings
from shopkeeper.serving.lineup import Lineup, Page
from shopkeeper.serving.pace import PROVEN
from shopkeeper.serving.telemetry import Telemetry
from shopkeeper.serving.workers import Workers

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Wish:
    """A request for one word."""

    word: str = "lamp"
    store: str = "uk"
    surface: str = "home"
    unit: str | None = "ann"
    session: str | None = "s1"
    measured: bool = True

    @property
    def names(self) -> tuple[tuple[str, str], ...]:
        return (("user", self.unit),) if self.unit else ()


@dataclass
class Parrot:
    """A decision system that says the word it is asked for, as long as the word is on its shelf."""

    version: str | None = "v1"
    shelf: set[str] = field(default_factory=lambda: {"lamp", "desk"})
    say: Callable[[str], str] = str
    calls: int = 0
    drawn: Callable[[str], str] | None = None
    name: str = "recommendations"
    asked_at_once: list[int] = field(default_factory=list)

    def as_now(self, before: object) -> Parrot:
        if isinstance(before, Parrot) and (before.version, before.say) == (self.version, self.say):
            return before
        return replace(self)

    def answer(self, request: Wish) -> str:
        self.calls += 1
        return self.say(request.word)

    def answers(self, requests: Sequence[Wish]) -> Sequence[str]:
        self.asked_at_once.append(len(requests))
        return [self.answer(request) for request in requests]

    def fallback(self, request: Wish) -> str:  # noqa: ARG002 - the port
        return "rules"

    def cache_key(self, request: Wish) -> Hashable | None:
        return (self.version, request.word) if request.word != "secret" else None

    def last_key(self, request: Wish) -> Hashable | None:
        return None if request.word.startswith("secret") else request.unit

    def renewed(self, request: Wish, earlier: str) -> str:
        if earlier not in self.shelf:
            return self.fallback(request)
        return earlier if earlier == request.word else f"{earlier}, not {request.word}"

    def still_holds(self, request: Wish, answer: str) -> bool:  # noqa: ARG002 - the port
        return answer in self.shelf

    def draw(self, request: Wish, answer: str, decision_id: str) -> str:  # noqa: ARG002 - the port
        return answer if self.drawn is None else self.drawn(decision_id)

    def likelihoods(self, request: Wish, shown: str, own: str) -> Sequence[tuple[str, float, float]]:  # noqa: ARG002
        return [(shown, 1.0, float(shown == own))]

    def record(self, answer: str) -> tuple[int, Mapping[str, Any]]:
        return 1, {"said": answer}

    def agreement(self, shown: str, other: str) -> float | None:
        return float(shown == other)


@dataclass
class Records:
    kept: list[DecisionRecord] = field(default_factory=list)

    def put(self, record: DecisionRecord) -> None:
        self.kept.append(record)


@dataclass
class Shop:
    """A decider on a clock that only the test moves."""

    parrot: Parrot = field(default_factory=Parrot)
    seconds: float = 0.0
    deadline_seconds: float = 1.0
    wait_seconds: float = 10.0
    workers: Workers = field(default_factory=lambda: Workers(2))

    def __post_init__(self) -> None:
        ids = count(1)
        self.records, self.telemetry = Records(), Telemetry(lambda: self.seconds)
        self.lineup: Lineup[Wish, str] = Lineup(
            self.parrot,
            lambda: Breaker(BreakerLimits(2, 0.5, 10, 5), lambda: self.seconds),
            self.wait_seconds,
            self.stopwatch,
        )
        self.arms = LiveArms(MemorySticky())
        self.cache: AnswerCache[str] = AnswerCache(10, 100, lambda: self.seconds, lambda: 0.0)
        around = Surroundings(
            self.arms, self.workers, self.records, self.telemetry, lambda: self.seconds, lambda: NOON,
            lambda: f"d{next(ids)}",
        )  # fmt: skip
        self.decider: Decider[Wish, str] = Decider(self.lineup, self.cache, around, self.deadline_seconds)

    def stopwatch(self) -> Callable[[], float]:
        begun = self.seconds
        return lambda: self.seconds - begun

    def ask(self, *wishes: Wish) -> list[Decision[str]]:
        async def scenario() -> list[Decision[str]]:
            return await asyncio.gather(*(self.decider.decide(wish) for wish in wishes))

        return asyncio.run(scenario())

    def one(self, wish: Wish | None = None) -> Decision[str]:
        return self.ask(wish or Wish())[0]


def broken(_: str) -> str:
    raise RuntimeError("the model broke")


def test_the_model_answers_and_the_decision_says_so() -> None:
    decision = Shop().one()
    assert decision == Decision("d1", "lamp", "v1", "champion", None, False, 0.0, made="lamp")


def test_what_is_shown_is_drawn_anew_for_every_decision_from_one_kept_answer() -> None:
    shop = Shop(Parrot(drawn=lambda decision: f"drawn for {decision}"))
    first, second = shop.one(), shop.one()
    assert (first.answer, second.answer) == ("drawn for d1", "drawn for d2")
    assert (second.cached, shop.parrot.calls, first.made) == (True, 1, "lamp")
    assert [row.answer["said"] for row in shop.records.kept] == ["drawn for d1", "drawn for d2"]


def test_lists_of_one_page_are_of_the_version_that_answered_the_first_until_the_system_is_stopped() -> None:
    async def scenario() -> None:
        shop = Shop()
        page: Page[Wish, str] = Page()
        assert (await shop.decider.decide(Wish(), page)).model == "v1"
        shop.parrot.version = "v2"
        assert (await shop.decider.decide(Wish("desk"), page)).model == "v1"
        assert (await shop.decider.decide(Wish("desk"))).model == "v2"
        assert (await shop.decider.decide(Wish("desk"), Page())).model == "v2"
        shop.arms.stop((StopOrder(person="ann", reason="a test", at="now"),))
        stopped = await shop.decider.decide(Wish("desk"), page)
        assert (stopped.model, stopped.fallback) == (None, "stopped")

    asyncio.run(scenario())


def test_a_draw_that_fails_leaves_the_rules() -> None:
    decision = Shop(Parrot(drawn=broken)).one()
    assert (decision.answer, decision.fallback, decision.made) == ("rules", "error", None)


def test_the_same_question_again_is_answered_from_the_cache() -> None:
    shop = Shop()
    first, second = shop.one(), shop.one()
    assert (first.cached, second.cached, shop.parrot.calls) == (False, True, 1)
    assert second.decision_id != first.decision_id


def test_what_is_kept_is_answered_without_waiting_as_it_would_be_with_it() -> None:
    shop = Shop()
    assert shop.decider.kept(Wish()) is None
    assert shop.records.kept == []
    shop.one()
    waited, kept = shop.one(), shop.decider.kept(Wish())
    assert kept is not None
    assert shop.records.kept[2] == msgspec.structs.replace(shop.records.kept[1], decision_id="d3")
    assert (kept.answer, kept.cached, kept.model, kept.decision_id) == (waited.answer, True, "v1", "d3")


@pytest.mark.parametrize("why", ["withdrawn", "no version", "stopped", "a draw that fails"])
def test_what_the_model_or_the_rules_have_to_answer_is_not_kept(why: str) -> None:
    shop = Shop()
    shop.one()
    if why == "withdrawn":
        shop.parrot.shelf.discard("lamp")
    elif why == "no version":
        shop.parrot.version = None
    elif why == "stopped":
        shop.arms.stop([StopOrder(system="recommendations", store="uk", person="ann", reason="", at="")])
    else:
        shop.parrot.drawn = broken
    assert shop.decider.kept(Wish()) is None
    assert len(shop.records.kept) == 1


def test_a_cached_answer_that_the_shelf_no_longer_allows_is_not_given() -> None:
    shop = Shop(Parrot(say=lambda word: word))
    shop.one()
    shop.parrot.shelf.discard("lamp")
    shop.parrot.say = lambda _: "desk"
    decision = shop.one()
    assert (decision.answer, decision.cached) == ("desk", False)


def test_what_is_withdrawn_while_the_model_works_is_not_given() -> None:
    shop = Shop()

    def withdraw_then_say(word: str) -> str:
        shop.parrot.shelf.discard("lamp")
        return word

    shop.parrot.say = withdraw_then_say
    decision = shop.one()
    assert (decision.answer, decision.model, decision.fallback) == ("rules", None, "changed")


def test_a_version_that_takes_over_while_the_old_one_works_answers_instead() -> None:
    shop = Shop()

    def swap_once(word: str) -> str:
        shop.parrot.version = "v2"
        return word

    shop.parrot.say = swap_once
    assert shop.one().model == "v2"
    assert shop.parrot.calls == 2


def test_requests_with_one_key_share_one_call_of_the_model() -> None:
    shop = Shop()
    decisions = shop.ask(*[Wish()] * 20)
    assert shop.parrot.calls == 1
    assert {decision.answer for decision in decisions} == {"lamp"}
    assert len({decision.decision_id for decision in decisions}) == 20


def test_without_a_key_nothing_is_shared_or_kept() -> None:
    shop = Shop(Parrot(shelf={"secret"}))
    shop.ask(Wish("secret"), Wish("secret"))
    assert (shop.parrot.calls, len(shop.cache)) == (2, 0)


@pytest.mark.parametrize(
    ("parrot", "reason"), [(Parrot(version=None), "no_model"), (Parrot(say=broken), "error")], ids=["none", "broken"]
)
def test_without_a_working_model_the_rules_answer_and_the_reason_is_kept(parrot: Parrot, reason: str) -> None:
    shop = Shop(parrot)
    decision = shop.one()
    assert (decision.answer, decision.model, decision.fallback) == ("rules", None, reason)
    assert shop.telemetry.totals().fallbacks == {reason: 1}
    assert shop.records.kept[0].fallback == reason


def test_a_stuck_model_costs_the_deadline_and_no_more() -> None:
    release = threading.Event()
    shop = Shop(Parrot(say=lambda _: str(release.wait(5))), deadline_seconds=0.01)
    decision = shop.one()
    release.set()
    assert (decision.answer, decision.fallback) == ("rules", "deadline")


def test_after_enough_failures_the_model_is_left_alone_and_later_tried_again() -> None:
    shop = Shop(Parrot(say=broken))
    assert [shop.one().fallback for _ in range(3)] == ["error", "error", "breaker_open"]
    assert shop.parrot.calls == 2
    shop.parrot.say = str
    shop.seconds = 5
    assert shop.one().fallback is None


def test_waiting_for_a_thread_is_answered_by_the_rules_and_not_held_against_the_model() -> None:
    release = threading.Event()
    parrot = Parrot(say=lambda _: str(release.wait(5)))
    shop = Shop(parrot, deadline_seconds=0.02, workers=Workers(threads=1, spares=0))
    decisions = shop.ask(*[Wish(f"word-{n}") for n in range(6)])
    release.set()
    assert {decision.fallback for decision in decisions} == {"deadline"}
    assert shop.decider.breaker.state == "closed", "one call ran over; five waited, and two that ran over would open it"


def test_the_last_good_answer_to_the_same_shopper_stands_in_for_a_broken_model_as_it_may_be_shown_now() -> None:
    shop = Shop()
    shop.ask(Wish(), Wish(unit="ben"))
    shop.seconds, shop.parrot.say = 1_000, broken
    decision = shop.one()
    assert (decision.answer, decision.model, decision.fallback) == ("lamp", "v1", "stale")
    assert shop.telemetry.model_failures == {("recommendations", "error"): 1}
    assert shop.one(Wish("desk")).answer == "lamp, not desk", "they did something since"
    assert shop.one(Wish(unit="cas")).answer == "rules", "they never had one"
    shop.parrot.shelf.discard("lamp")
    assert shop.one().answer == "rules"


def test_the_last_good_answer_of_another_version_or_arm_is_no_answer() -> None:
    shop = Shop()
    shop.one()
    shop.parrot.version, shop.parrot.say = "v2", broken
    assert (shop.one().answer, shop.one().fallback) == ("rules", "error")


def test_a_fault_outside_the_model_call_is_answered_by_the_rules_too(monkeypatch: pytest.MonkeyPatch) -> None:
    shop = Shop()

    def broken_key(_: Wish) -> Hashable | None:
        raise RuntimeError("no key")

    monkeypatch.setattr(shop.parrot, "cache_key", broken_key)
    assert (shop.one().answer, shop.one().fallback) == ("rules", "error")


def test_a_caller_that_goes_away_does_not_take_the_others_with_it() -> None:
    release = threading.Event()
    shop = Shop(Parrot(say=lambda word: word * release.wait(5)))

    async def scenario() -> Decision[str]:
        leader = asyncio.create_task(shop.decider.decide(Wish()))
        await asyncio.sleep(0)
        follower = asyncio.create_task(shop.decider.decide(Wish()))
        await asyncio.sleep(0)
        leader.cancel()
        await asyncio.sleep(0)
        release.set()
        return await follower

    assert asyncio.run(scenario()).answer in ("lamp", "rules")


def test_the_record_holds_what_explains_the_answer() -> None:
    shop = Shop()
    shop.one()
    assert shop.records.kept == [
        DecisionRecord(
            decision_id="d1", ts=NOON, store="uk", system="recommendations", unit="ann", session="s1", surface="home",
            model="v1", results=1, answer={"said": "lamp"},
        )
    ]  # fmt: skip


def test_the_record_of_a_shopper_who_is_not_measured_holds_counts_alone() -> None:
    shop = Shop()
    shop.one(Wish(measured=False))
    (record,) = shop.records.kept
    assert (record.unit, record.session, record.answer, record.results) == (None, None, {}, 1)


def test_where_even_the_rules_fail_the_arm_is_charged_with_it() -> None:
    class Mute(Parrot):
        def fallback(self, request: Wish) -> str:
            raise RuntimeError(f"no rule knows {request.word}")

    shop = Shop(Mute(version=None))
    with pytest.raises(RuntimeError, match="no rule knows lamp"):
        shop.one()
    (record,) = shop.records.kept
    assert (record.fallback, record.model, record.results, record.answer) == ("unanswered", None, 0, {})
    assert record.unit == Wish().unit


def test_a_model_that_was_quick_for_a_while_answers_on_the_event_loop() -> None:
    threads: list[str] = []

    def say(word: str) -> str:
        threads.append(threading.current_thread().name)
        return word

    shop = Shop(Parrot(shelf={"secret"}, say=say))
    for _ in range(PROVEN + 1):
        shop.one(Wish("secret"))
    assert threads == [*["model"] * PROVEN, threading.current_thread().name]


def quick(parrot: Parrot, words: int) -> Shop:
    """Return a shop whose model runs on the event loop and has so many words on its shelf."""
    parrot.shelf |= {f"secret {n}" for n in range(words)}
    shop = Shop(parrot)
    for _ in range(PROVEN):
        shop.one(Wish("secret"))
    return shop


def test_requests_of_one_turn_of_the_loop_are_answered_by_one_call() -> None:
    shop = quick(Parrot(shelf={"secret"}), 40)
    words = [f"secret {n}" for n in range(40)]
    assert [one.answer for one in shop.ask(*map(Wish, words))] == words
    assert shop.parrot.asked_at_once == [32, 8]


def test_of_requests_answered_together_only_the_one_that_fails_is_answered_by_the_rules() -> None:
    shop = quick(Parrot(shelf={"secret"}), 3)
    shop.parrot.say = lambda word: broken(word) if word == "secret 1" else word
    answers = [one.answer for one in shop.ask(*(Wish(f"secret {n}") for n in range(3)))]
    assert answers == ["secret 0", "rules", "secret 2"]


def test_no_more_requests_are_answered_together_than_the_loop_may_stand_still_for() -> None:
    shop = quick(Parrot(shelf={"secret"}), 20)

    def slow(word: str) -> str:
        shop.seconds += 1 / 256
        return word

    shop.parrot.say = slow
    shop.ask(*(Wish(f"secret {n}") for n in range(10)))  # how long one takes is not known yet
    shop.ask(*(Wish(f"secret {n}") for n in range(10, 20)))
    assert shop.parrot.asked_at_once == [10, 5, 5]  # five of 1/256 s are what a call may take


def test_a_late_answer_of_the_event_loop_is_given_and_held_against_the_model() -> None:
    shop = Shop(Parrot(shelf={"secret"}))
    for _ in range(PROVEN):
        shop.one(Wish("secret"))
    shop.lineup.champion.breaker.reset()

    def late(word: str) -> str:
        shop.seconds += 2 * shop.deadline_seconds
        return word

    shop.parrot.say = late
    shop.decider.breaker.failed()  # one failure before it: the second opens the breaker
    assert [shop.one(Wish("secret")).fallback for _ in range(2)] == [None, "breaker_open"]
    assert not shop.lineup.champion.pace.quick
