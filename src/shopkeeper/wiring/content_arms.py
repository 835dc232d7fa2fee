"""Which texts of a product a shopper is shown: where an experiment compares wordings the arm's, and that is logged."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass
from time import perf_counter
from typing import Any

from shopkeeper.commerce.consent import Consent
from shopkeeper.commerce.decision import DecisionRecord
from shopkeeper.commerce.shopper import Shopper
from shopkeeper.content.fields import Field
from shopkeeper.content.kept import Version
from shopkeeper.experiments.live_assignment import UNASSIGNED, Assigned
from shopkeeper.experiments.live_test import CHAMPION, TEXTS, TestArm
from shopkeeper.intake.consent import effective
from shopkeeper.wiring.content_serving import OWN, Published, TextsOf, published
from shopkeeper.wiring.experiments import WORDING
from shopkeeper.wiring.serving import Serving


@dataclass(frozen=True, slots=True)
class TextsAsked:
    """What is asked for.

    Attributes:
        user, visitor, session: Who sees the texts; nobody named = no test.
        consent: What the shopper allows, as far as the request says it.
    """

    store: str
    product: str
    locale: str
    user: str | None = None
    visitor: str | None = None
    session: str | None = None
    consent: Consent | None = None


@dataclass(frozen=True, slots=True)
class ShownTexts:
    """What is shown.

    Attributes:
        texts: By field.
        left_out: Fields whose published text is not true of the record any more.
        variant: Arm of the experiment; `champion` where none compares texts of this product for this shopper, `holdout`
            for those who are in none ever.
        decision_id: Of the exposure that was logged; None = none was.
    """

    texts: dict[Field, Version]
    left_out: tuple[Field, ...]
    variant: str = CHAMPION
    decision_id: str | None = None


async def shown_texts(serving: Serving, asked: TextsAsked) -> ShownTexts | None:
    """Return the texts of a product for a shopper; None where the store does not sell it now.

    A shopper is in a test from the first product on whose wordings differ: where all arms show the same texts, nothing
    is compared and nobody is counted. Who names nobody (a search engine) or allows no measurement gets the house's own.
    """
    began = perf_counter()
    names = _names(serving, asked)
    assigned, arms = _arm(serving, asked.store, names)
    wordings = [wording_of(arm.settings) for arm in arms] or [OWN]
    now = serving.now()
    found = await asyncio.to_thread(
        published, serving.settings, serving.state.pieces, serving.catalogue,
        TextsOf(asked.store, asked.product, asked.locale), now, serving.truth, wordings,
    )  # fmt: skip
    if found is None:
        return None
    if not arms:
        return ShownTexts(found.texts(), found.left_out, assigned.variant)
    if not _compares(found, wordings):
        return ShownTexts(found.texts(), found.left_out)
    wording = wording_of(assigned.settings)
    shown = ShownTexts(found.texts(wording), found.left_out, assigned.variant)
    if assigned.counted_test is None:  # a tester looks at an arm
        return shown
    serving.arms.keep(names, assigned)
    record = DecisionRecord(
        decision_id=secrets.token_hex(12), ts=now, store=asked.store, system=TEXTS, unit=names[0][1],
        session=asked.session, surface="product", test=assigned.counted_test, epoch=assigned.epoch,
        variant=assigned.variant, answer=_answered(asked, wording, shown.texts), results=len(shown.texts),
        took_ms=round((perf_counter() - began) * 1000, 3),
    )  # fmt: skip
    serving.decision_log.put(record)
    return ShownTexts(shown.texts, shown.left_out, shown.variant, record.decision_id)


def wording_of(settings: Any) -> str:  # noqa: ANN401 - settings of an arm as its plan has them
    """Return the wording an arm's settings name; the house's own where they name none."""
    return str(settings.get(WORDING, OWN))


def _names(serving: Serving, asked: TextsAsked) -> tuple[tuple[str, str], ...]:
    """What the shopper goes by, the strongest first; empty where nobody is named or measurement is not allowed."""
    store = serving.catalogue.store(asked.store)
    if store is None or not effective(asked.consent, serving.consents.of(asked.store, asked.user), store).measure:
        return ()
    return Shopper(store.group, asked.user, asked.visitor, asked.session).names


def _arm(serving: Serving, store: str, names: tuple[tuple[str, str], ...]) -> tuple[Assigned, tuple[TestArm, ...]]:
    """Return the arm of a shopper and all arms of its test; no arms where the house's own texts are shown."""
    if not names or serving.arms.stopped(TEXTS, store):
        return UNASSIGNED, ()
    assigned = serving.arms.assign(TEXTS, store, names)
    arms = (test.arms for test in serving.arms.running if test.system == TEXTS and test.test == assigned.test)
    return assigned, next(arms, ())


def _compares(found: Published, wordings: list[str]) -> bool:
    """Whether arms differ for this product; arms of an A/A test never do, and are compared all the same."""
    return len(set(wordings)) == 1 or found.differs(wordings)


def _answered(asked: TextsAsked, wording: str, texts: dict[Field, Version]) -> dict[str, Any]:
    versions = {name: version.version for name, version in texts.items()}
    return {"product": asked.product, "locale": asked.locale, "wording": wording, "versions": versions}
