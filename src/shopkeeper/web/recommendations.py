"""`POST /v1/recommendations`: which products to show this shopper here and now."""

from __future__ import annotations

import msgspec
from msgspec import Struct

from shopkeeper.errors import FieldProblem, RequestRejected
from shopkeeper.recommendations.answer import Recommendation, RecommendationAnswer
from shopkeeper.recommendations.request import read_body, read_results
from shopkeeper.serving.decide import Decision
from shopkeeper.serving.ports import Scope
from shopkeeper.web.answer import Answer
from shopkeeper.web.auth import authorise, check_store
from shopkeeper.web.raw import Call, RawRoute

NEEDS: Scope = "decide"
_ENCODER = msgspec.json.Encoder()


class SlotAnswer(Struct, frozen=True):
    """One more list of a page.

    Attributes:
        decision_id: Send it with the events that follow from this list.
        items: Products, best first; none of them in a list before.
        model: Version that answered; null = the rules did.
        variant: Arm that answered.
        fallback: Why the rules, or an earlier answer, stood in for the model; null = the arm answered as it should.
        took_ms: Time in the server, milliseconds.
    """

    decision_id: str
    items: tuple[Recommendation, ...]
    model: str | None
    variant: str
    fallback: str | None
    took_ms: float


class RecommendationsAnswer(Struct, frozen=True, omit_defaults=True):
    """Body of the answer.

    Attributes:
        decision_id: Send it with the events that follow, so that what the answer brought can be measured.
        items: Products, best first.
        model: Version that answered; null = the rules did.
        variant: Arm that answered: `control`, `treatment` or a name of the plan; `holdout`; `champion` where the
            shopper is in no test. Exposure is logged with the decision: sending `decision_id` back is all it takes.
        fallback: Why the rules, or an earlier answer, stood in for the model; null = the arm answered as it should,
            which is by the rules where the arm is the rules.
        took_ms: Time in the server, milliseconds.
        slots: The lists of `slots`, in their order.
    """

    decision_id: str
    items: tuple[Recommendation, ...]
    model: str | None
    variant: str
    fallback: str | None
    took_ms: float
    slots: tuple[SlotAnswer, ...] = ()


class _OneList(Struct, frozen=True):
    """A `RecommendationsAnswer` without slots, as it is written: its products are JSON already."""

    decision_id: str
    items: msgspec.Raw
    model: str | None
    variant: str
    fallback: str | None
    took_ms: float


class Recommendations(RawRoute):
    """The hot route."""

    async def answer(self, call: Call) -> Answer:
        """Return products; whatever fails behind it, the rules answer."""
        key = await authorise(call.scope, call.serving.keys, NEEDS)
        body = read_body(await call.body())
        check_store(key, body.store)
        check_length(body.k, call.serving.settings.serving.k_limit)
        if not body.slots:
            return rendered(await call.serving.recommend(body))
        for slot in body.slots:
            check_length(slot.k, call.serving.settings.serving.k_limit)
        return rendered(*await call.serving.recommend_page(body))


class Rerank(RawRoute):
    """`POST /v1/rerank`: the results of a search, in the order that suits this shopper."""

    async def answer(self, call: Call) -> Answer:
        """Return results in order; where nothing is known of shopper or results, in the order they came."""
        key = await authorise(call.scope, call.serving.keys, NEEDS)
        asked = read_results(await call.body())
        check_store(key, asked.store)
        check_length(asked.k, call.serving.settings.serving.k_limit)
        return rendered(await call.serving.recommend(asked))


def check_length(k: int, limit: int) -> None:
    """Raise RequestRejected when more products are asked for than one answer may have."""
    if k > limit:
        problem = FieldProblem("k", f"{k} is more than {limit}", f"Ask for at most {limit} products.")
        raise RequestRejected(f"k: {problem.reason}.", problem.remedy, (problem,))


def rendered(decision: Decision[RecommendationAnswer], *slots: Decision[RecommendationAnswer]) -> Answer:
    """Return a decision, and those of the slots of its page, as the API shows them."""
    if decision.cached and not slots:
        return Answer(
            200,
            _ENCODER.encode(
                _OneList(
                    decision.decision_id, decision.answer.items_json, decision.model, decision.variant,
                    decision.fallback, round(decision.took_ms, 3),
                )
            ),
        )  # fmt: skip
    shown = RecommendationsAnswer(
        decision.decision_id,
        decision.answer.items,
        decision.model,
        decision.variant,
        decision.fallback,
        round(decision.took_ms, 3),
        tuple(
            SlotAnswer(one.decision_id, one.answer.items, one.model, one.variant, one.fallback, round(one.took_ms, 3))
            for one in slots
        ),
    )
    return Answer(200, _ENCODER.encode(shown))
