"""The laws of `experiments.live_test.StopOrders`: subclass and give a fixture that opens the same orders anew."""

from __future__ import annotations

from collections.abc import Callable

from shopkeeper.experiments.live_test import StopOrder, StopOrders

Reopen = Callable[[], StopOrders]
EVERYTHING = StopOrder(person="ann", reason="odd lists", at="2026-11-26T09:00:00Z")
ONE = StopOrder(system="recommendations", store="uk", person="ben", reason="odd again", at="2026-11-26T10:00:00Z")


class StopOrdersSuite:
    """Every engine passes these."""

    def test_nothing_is_stopped_at_first(self, reopen: Reopen) -> None:
        assert reopen().orders() == ()

    def test_an_order_holds_until_it_is_lifted_also_after_a_restart(self, reopen: Reopen) -> None:
        given = reopen()
        given.give(EVERYTHING)
        given.give(ONE)
        assert set(given.orders()) == set(reopen().orders()) == {EVERYTHING, ONE}
        assert reopen().lift("recommendations", "uk")
        assert given.orders() == reopen().orders() == (EVERYTHING,)

    def test_an_order_given_again_replaces_what_was_said(self, reopen: Reopen) -> None:
        reopen().give(ONE)
        again = StopOrder(system="recommendations", store="uk", person="cleo", reason="more", at="2026-11-26T11:00:00Z")
        reopen().give(again)
        assert reopen().orders() == (again,)

    def test_only_the_order_that_is_named_is_lifted(self, reopen: Reopen) -> None:
        reopen().give(ONE)
        assert not reopen().lift("recommendations", "")
        assert not reopen().lift("", "")
        assert reopen().orders() == (ONE,)
