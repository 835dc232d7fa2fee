"""A challenger in shadow costs no request anything, whatever it does."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

import pytest

from shopkeeper.commerce.decision import ShadowAnswer
from shopkeeper.experiments.live_test import LiveTest
from shopkeeper.serving.breaker import Breaker, BreakerLimits
from shopkeeper.serving.lineup import Lineup
from shopkeeper.serving.shadow import AT_ONCE, Shadows, Shown

from .test_decide import Parrot, Wish, broken

TS = datetime(2026, 1, 1, tzinfo=UTC)


class Shop:
    """A challenger in shadow; `chance` is what the dice show."""

    def __init__(self, challenger: Parrot | None, waiting: int = 10, gather: float = 0.0) -> None:
        self.rows: list[ShadowAnswer] = []
        self.done = threading.Semaphore(0)
        self.chance = 0.0
        self.seconds = 0.0
        lineup: Lineup[Wish, str] = Lineup(Parrot(), lambda: Breaker(BreakerLimits(2, 0.5, 10, 5), lambda: 0.0), 1.0)
        lineup.field({}, {"v2": challenger} if challenger else {})
        self.shadows = Shadows(lineup, self.keep, lambda: self.seconds, lambda: self.chance, waiting, gather)

    def keep(self, row: ShadowAnswer) -> None:
        self.rows.append(row)
        self.done.release()

    def look(self, wish: Wish | None = None, shown: str = "lamp", **fields: Any) -> None:  # noqa: ANN401 - of a test
        told: dict[str, Any] = {"shadow_version": "v2", "shadow_share": 0.05, **fields}
        test = LiveTest(test="r1", kind="rollout", system="recommendations", seed="s", **told)
        self.shadows.look([test], Shown(wish or Wish(), "d1", TS, shown))

    def wait(self) -> ShadowAnswer:
        assert self.done.acquire(timeout=10)
        return self.rows[-1]


def test_what_it_would_have_answered_is_kept_with_time_and_agreement() -> None:
    shop = Shop(Parrot("v2", say=lambda _: "desk"))
    shop.look()
    assert shop.wait() == ShadowAnswer(
        decision_id="d1", ts=TS, store="uk", system="recommendations", test="r1", version="v2", unit="ann",
        session="s1", surface="home", agreement=0.0, results=1, answer={"said": "desk"},
        chances=(("lamp", 1.0, 0.0),),
    )  # fmt: skip


def test_an_error_is_kept_as_what_it_is() -> None:
    shop = Shop(Parrot("v2", say=broken))
    shop.look()
    row = shop.wait()
    assert (row.error, row.results, row.agreement, row.answer) == ("RuntimeError", 0, None, {})


def test_of_a_shopper_who_is_not_measured_only_counts_are_kept() -> None:
    shop = Shop(Parrot("v2"))
    shop.look(Wish(measured=False))
    row = shop.wait()
    assert (row.unit, row.session, row.answer, row.chances, row.results) == (None, None, {}, (), 1)


@pytest.mark.parametrize(("chance", "computed"), [(0.0499, True), (0.05, False)])
def test_only_its_share_of_the_requests_is_computed(chance: float, computed: bool) -> None:
    shop = Shop(Parrot("v2"))
    shop.chance = chance
    shop.look()
    assert shop.done.acquire(timeout=10 if computed else 0) == computed


def test_a_stuck_challenger_drops_what_does_not_fit_and_delays_nobody() -> None:
    release = threading.Event()
    shop = Shop(Parrot("v2", say=lambda word: word * release.wait(10)), waiting=2)
    for _ in range(10):
        shop.look()
    assert shop.shadows.counts["dropped"] >= 10 - 3
    release.set()
    shop.wait()
    shop.shadows.close()


def test_who_closes_waits_until_every_row_is_kept() -> None:
    release = threading.Event()
    shop = Shop(Parrot("v2", say=lambda word: word * release.wait(10)))
    for _ in range(3):
        shop.look()
    closing = threading.Thread(target=shop.shadows.close)
    closing.start()
    release.set()
    closing.join(10)
    assert (len(shop.rows), shop.shadows.counts) == (3, {"answered": 3})


def test_what_a_stuck_challenger_did_not_answer_when_the_server_ends_is_counted_and_kept_no_more() -> None:
    begun, release, before = threading.Event(), threading.Event(), set(threading.enumerate())

    def stuck(word: str) -> str:
        begun.set()
        return word * release.wait(10)

    shop = Shop(Parrot("v2", say=stuck))
    for _ in range(3):
        shop.look()
    assert begun.wait(10)
    shop.shadows.close(seconds=0.0)
    release.set()
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
    assert (shop.rows, shop.shadows.counts) == ([], {"dropped": 3})


def test_what_gathered_is_answered_by_one_call_and_each_says_how_long_the_call_took() -> None:
    challenger = Parrot("v2")
    shop = Shop(challenger, waiting=AT_ONCE, gather=10.0)

    def slow(word: str) -> str:
        shop.seconds += 0.001
        return word

    challenger.say = slow
    for _ in range(AT_ONCE):
        shop.look()
    shop.shadows.close()
    assert challenger.asked_at_once == [AT_ONCE]
    assert [row.took_ms for row in shop.rows] == [AT_ONCE] * AT_ONCE


def test_one_that_fails_among_several_fails_alone() -> None:
    challenger = Parrot("v2", say=lambda word: broken(word) if word == "worst" else word)
    shop = Shop(challenger, gather=10.0)
    for word in ("lamp", "worst", "desk"):
        shop.look(Wish(word))
    shop.shadows.close()
    assert challenger.asked_at_once == [3]
    assert [row.error for row in shop.rows] == [None, "RuntimeError", None]
    assert shop.shadows.counts == {"answered": 2, "error": 1}


def test_a_challenger_that_cannot_be_opened_is_counted() -> None:
    shop = Shop(None)
    shop.look()
    assert shop.shadows.counts == {"not_opened": 1}
