"""The laws of `content.ports.Writer`: subclass and give the fixtures a writer whose model answers as told."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from shopkeeper.commerce.product import Product
from shopkeeper.content.briefs import Brief
from shopkeeper.content.facts import facts_of
from shopkeeper.content.ports import Writer
from shopkeeper.errors import RefusedBudget, Unavailable

KETTLE = Product(
    product="k1",
    title="Aria Kettle",
    brand="Aria",
    categories=("kitchen > kettles",),
    attributes={"Colour": "Red", "Capacity": "1.7 L", "Power": "2200 W", "Material": "Stainless steel"},
)
BRIEF = Brief(facts_of(KETTLE), "description_short", "en")
LONGEST_SECONDS = 20.0

Answering = Callable[[str], Writer]
"""Makes a writer whose model answers with this text, whatever it is asked."""


class WriterSuite:
    """Every engine passes these.

    Fixtures: `answering` (see `Answering`), `silent` (a writer whose model never answers) and `poor` (one whose budget
    is less than any call costs).
    """

    def test_a_text_comes_back_in_parts_with_what_it_took(self, answering: Answering) -> None:
        written = answering('{"text": "The Aria Kettle holds 1.7 L."}').write(BRIEF)
        assert (written.parts, written.fault) == (("The Aria Kettle holds 1.7 L.",), "")
        assert written.model
        assert written.tokens_in > 0 < written.tokens_out
        assert written.cost >= 0

    @pytest.mark.parametrize(
        "junk", ["", "Sure! Here is your text.", "{", '{"text": 3}', '{"other": "x"}', "[" * 9_999]
    )
    def test_an_answer_that_is_no_text_comes_back_with_its_fault_and_its_cost(
        self, answering: Answering, junk: str
    ) -> None:
        written = answering(junk).write(BRIEF)
        assert written.parts == ()
        assert written.fault
        assert written.tokens_in > 0

    def test_a_model_that_never_answers_is_unavailable_in_time(self, silent: Writer) -> None:
        began = time.monotonic()
        with pytest.raises(Unavailable):
            silent.write(BRIEF)
        assert time.monotonic() - began < LONGEST_SECONDS

    def test_a_call_that_may_cost_more_than_is_left_is_not_made(self, poor: Writer) -> None:
        with pytest.raises(RefusedBudget):
            poor.write(BRIEF)
        with pytest.raises(RefusedBudget):
            poor.write(BRIEF)
