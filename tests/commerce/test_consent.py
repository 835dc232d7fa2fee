"""What is not said is filled from the next source in line; what is said always stands."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from shopkeeper.commerce.consent import FULL_CONSENT, NO_CONSENT, Consent
from shopkeeper.commerce.store import Store

said = st.sampled_from([True, False, None])
consents = st.builds(Consent, measure=said, personalise=said, email=said)


@given(consents, consents)
def test_a_word_that_was_said_always_stands(first: Consent, second: Consent) -> None:
    both = first.or_else(second)
    for name in ("measure", "personalise", "email"):
        mine = getattr(first, name)
        assert getattr(both, name) == (getattr(second, name) if mine is None else mine)


def test_a_full_default_leaves_nothing_open() -> None:
    assert Consent(measure=False).or_else(FULL_CONSENT) == Consent(measure=False, personalise=True, email=True)
    assert NO_CONSENT.or_else(FULL_CONSENT) == NO_CONSENT


def test_a_store_without_a_customer_group_is_a_group_of_its_own() -> None:
    assert Store(store="uk").group == "uk"
    assert Store(store="uk", customer_group="europe").group == "europe"
