"""The laws of `pricing.price_tests.ports.PriceTests`, for any engine: subclass and give `price_tests`."""

from __future__ import annotations

from datetime import date

import pytest
from msgspec.structs import replace

from shopkeeper.errors import ContractNotMet, InputError
from shopkeeper.experiments.switchback import drawn
from shopkeeper.pricing.price_tests.ports import PriceTests
from shopkeeper.pricing.price_tests.price_test import Member, PriceTest


def example_test(name: str = "autumn") -> PriceTest:
    """Return a test of two clusters in one store."""
    design = drawn(("uk: Home", "uk: Toys"), 28, 1, period_days=7, washout_days=2, apart=1)
    return PriceTest(name=name, run="r1", stores=("uk",), start=date(2026, 12, 7), design=design)


MEMBERS = (Member("uk", "lamp", "uk: Home"), Member("uk", "ball", "uk: Toys"))


class PriceTestsSuite:
    """Every engine passes these."""

    def test_a_test_is_kept_as_it_was_drawn(self, price_tests: PriceTests) -> None:
        price_tests.begin(example_test(), MEMBERS)
        price_tests.begin(replace(example_test(), run="r2"), ())
        assert price_tests.get("autumn") == example_test()
        assert list(price_tests.running()) == [example_test()]
        assert list(price_tests.members("autumn")) == sorted(MEMBERS, key=lambda one: (one.store, one.product))

    def test_goods_are_in_one_running_test_at_most(self, price_tests: PriceTests) -> None:
        price_tests.begin(example_test(), MEMBERS)
        with pytest.raises(ContractNotMet, match="autumn tests prices of the same goods"):
            price_tests.begin(example_test("winter"), MEMBERS[1:])
        assert dict(price_tests.held()) == {("uk", "lamp"): "autumn", ("uk", "ball"): "autumn"}

    def test_a_test_that_is_over_holds_nothing_and_is_not_forgotten(self, price_tests: PriceTests) -> None:
        price_tests.begin(example_test(), MEMBERS)
        price_tests.end("autumn")
        price_tests.end("autumn")
        assert (list(price_tests.running()), dict(price_tests.held())) == ([], {})
        assert price_tests.get("autumn").state == "over"
        price_tests.begin(example_test("winter"), MEMBERS)
        assert [one.name for one in price_tests.running()] == ["winter"]

    def test_an_unknown_test_is_named(self, price_tests: PriceTests) -> None:
        with pytest.raises(InputError, match="No test of prices called 'spring'"):
            price_tests.get("spring")
