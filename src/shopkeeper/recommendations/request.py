"""What a shop page asks for: the body of `POST /v1/recommendations`, and the request made of it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct

from shopkeeper.commerce.consent import Consent
from shopkeeper.commerce.fields import Amount, Id, Label
from shopkeeper.commerce.shopper import Shopper
from shopkeeper.commerce.traits import Traits
from shopkeeper.errors import FieldProblem, RequestRejected
from shopkeeper.serving.ports import EMPTY_PROFILE, Profile

Ids = Annotated[tuple[Id, ...], Meta(max_length=1_000, description="Up to 1,000 product ids")]
Labels = Annotated[tuple[Label, ...], Meta(max_length=100, description="Up to 100 entries")]
Surface = Annotated[str, Meta(min_length=1, max_length=100, description="Such as home, category, product, cart")]
ListLength = Annotated[int, Meta(ge=1, le=1_000, description="How many products are wanted, 1 or more")]


class Filters(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, gc=False):
    """What every product of the answer must satisfy, read from the live catalogue.

    Attributes:
        categories: A product must lie under one of these paths; `a > b` matches `a > b` and `a > b > c`.
        brands: A product must be of one of these brands.
        price_min: Lowest price, in the store's currency; a product without a price does not pass.
        price_max: Highest price, in the store's currency.
    """

    categories: Labels = ()
    brands: Labels = ()
    price_min: Amount | None = None
    price_max: Amount | None = None

    @property
    def empty(self) -> bool:
        """True when nothing is asked."""
        return not self.categories and not self.brands and self.price_min is None and self.price_max is None


NO_FILTERS = Filters()


class Slot(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One more list of a page.

    Attributes:
        products: What it is about; null = what the page is about.
        filters: Its own; null = those of the page.
    """

    surface: Surface
    k: ListLength = 10
    products: Ids | None = None
    filters: Filters | None = None


class RecommendationBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Body of `POST /v1/recommendations`.

    Attributes:
        surface: Where on the site the answer is shown.
        products: What the page is about: the product of a product page, the content of a cart.
        candidates: Rank only these; None = the whole catalogue of the store.
        k: How many products are wanted; fewer come only when the catalogue has no more that may be shown.
        exclude: Products that must not be in the answer.
        consent: What the shopper allows; what is not said here is taken from the user record, then from the store.
        context: Whatever else the page knows, such as `category` and `budget`. Of strangers alone are read `landing`,
            the product the visit began with, `device` and `referrer`, the address they came from.
        relevance: The candidates are results of a search, in its order, each with its score; empty = it gave none.
        slots: More lists of the page, each a decision of its own; no product is in two of them.
        page: Surface of the page this list is a slot of; empty = the list's own. What is hidden on either is not shown.
    """

    store: Id
    visitor: Id | None = None
    user: Id | None = None
    session: Id | None = None
    surface: Surface = "home"
    products: Ids = ()
    candidates: Ids | None = None
    k: ListLength = 10
    filters: Filters = NO_FILTERS
    exclude: Ids = ()
    consent: Consent | None = None
    context: dict[str, Any] = {}
    relevance: Annotated[tuple[float, ...], Meta(max_length=1_000)] | None = None
    slots: Annotated[tuple[Slot, ...], Meta(max_length=20)] = ()
    page: Label = ""

    @property
    def landing(self) -> str | None:
        """Product the visit began with; None where the page does not say."""
        said = self.context.get("landing")
        return said if isinstance(said, str) and said else None

    @property
    def category(self) -> str | None:
        """Category the page shows beside those of its filters; None where its context does not say."""
        said = self.context.get("category")
        return said if isinstance(said, str) else None


class Result(Struct, frozen=True, forbid_unknown_fields=True):
    """One result of a search.

    Attributes:
        relevance: What the search engine scored it; null = it gave no scores.
    """

    product: Id
    relevance: Annotated[float, Meta(ge=-1e9, le=1e9)] | None = None


class RerankBody(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Body of `POST /v1/rerank`.

    Attributes:
        results: In the order of the search engine; all with a relevance, or none.
        k: How many are wanted; null = all.
        query: What was searched for.
        exclude: Products that must not be in the answer.
        consent: What the shopper allows; what is not said here is taken from the user record, then from the store.
    """

    store: Id
    results: Annotated[tuple[Result, ...], Meta(min_length=1, max_length=1_000)]
    visitor: Id | None = None
    user: Id | None = None
    session: Id | None = None
    surface: Surface = "search"
    k: ListLength | None = None
    query: Label = ""
    filters: Filters = NO_FILTERS
    exclude: Ids = ()
    consent: Consent | None = None


_DECODER = msgspec.json.Decoder(RecommendationBody)
_RESULTS = msgspec.json.Decoder(RerankBody)
_PATH = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")
_UNKNOWN = re.compile(r"unknown field `(?P<field>[^`]*)`")
_MISSING = re.compile(r"missing required field `(?P<field>[^`]*)`")
_FIELDS = ", ".join(RecommendationBody.__struct_fields__)
_RESULT_FIELDS = ", ".join(RerankBody.__struct_fields__)


def read_body(raw: bytes) -> RecommendationBody:
    """Return the body of a request.

    Raises:
        RequestRejected: not JSON, an unknown field, a missing or wrong value; names the field and the remedy.
    """
    body = _read(raw, _DECODER, _FIELDS)
    low, high = body.filters.price_min, body.filters.price_max
    if low is not None and high is not None and low > high:
        problem = FieldProblem("filters.price_min", f"{low:g} is above price_max {high:g}", "Swap the two prices.")
        raise RequestRejected(f"filters.price_min {problem.reason}.", problem.remedy, (problem,))
    if body.relevance and len(body.relevance) != len(body.candidates or ()):
        reason = f"{len(body.relevance)} scores are given for {len(body.candidates or ())} candidates"
        problem = FieldProblem("relevance", reason, "Give one for each candidate, or none at all.")
        raise RequestRejected(f"relevance: {reason}.", problem.remedy, (problem,))
    return body


def read_results(raw: bytes) -> RecommendationBody:
    """Return the body of a re-ranking as a request for recommendations among its results.

    Raises:
        RequestRejected: as `read_body`; also where only some results have a relevance.
    """
    body = _read(raw, _RESULTS, _RESULT_FIELDS)
    scores = tuple(one.relevance for one in body.results if one.relevance is not None)
    if scores and len(scores) < len(body.results):
        reason = f"{len(body.results) - len(scores)} of {len(body.results)} results have none"
        problem = FieldProblem("results.relevance", reason, "Give it for each result, or for none.")
        raise RequestRejected(f"results.relevance: {reason}.", problem.remedy, (problem,))
    named = dict.fromkeys(one.product for one in body.results)
    if len(named) < len(body.results):
        problem = FieldProblem("results", "a product is there twice", "Send each result once.")
        raise RequestRejected(f"results: {problem.reason}.", problem.remedy, (problem,))
    return RecommendationBody(
        store=body.store, visitor=body.visitor, user=body.user, session=body.session, surface=body.surface,
        candidates=tuple(named), k=body.k or len(named), filters=body.filters, exclude=body.exclude,
        consent=body.consent, relevance=scores, context={"query": body.query} if body.query else {},
    )  # fmt: skip


BodyT = TypeVar("BodyT")


def _read(raw: bytes, decoder: msgspec.json.Decoder[BodyT], fields: str) -> BodyT:
    try:
        return decoder.decode(raw)
    except msgspec.ValidationError as error:
        problem = field_problem(str(error), fields)
        raise RequestRejected(f"Field {problem.field}: {problem.reason}.", problem.remedy, (problem,)) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        problem = FieldProblem("$", f"the body is not valid JSON in UTF-8: {error}", "Send one JSON object.")
        raise RequestRejected(f"{problem.reason}.", problem.remedy, (problem,)) from error


def field_problem(message: str, fields: str) -> FieldProblem:
    """Return what msgspec says of a document as the field it is about, the reason and the remedy.

    Args:
        fields: Names of the fields there are, for who used another.
    """
    path = _PATH.search(message)
    reason = _PATH.sub("", message)
    field = path["path"] if path else "$"
    remedy = "Mend this value; /docs shows the body with every bound."
    for pattern, advice in ((_UNKNOWN, f"Remove it; the fields are: {fields}."), (_MISSING, "Add this field.")):
        if found := pattern.search(message):
            field = found["field"] if field in ("$", "") else f"{field}.{found['field']}"
            remedy = advice
    return FieldProblem(field or "$", reason, remedy)


@dataclass(frozen=True, slots=True)
class RecommendationRequest:
    """One request with everything an answer is made of; satisfies `serving.ports.DecisionRequest`.

    Attributes:
        shopper: The keys of the body inside the store's customer group.
        consent: What holds for this request, after user record and store default were asked.
        profile: Live events of the shopper; empty where personalisation is not allowed.
        now: Time of the request, UTC.
        traits: What the newest records say of the user; None = none is newer than what the model was trained on, or
            personalisation is not allowed.
    """

    body: RecommendationBody
    shopper: Shopper
    consent: Consent
    now: datetime
    profile: Profile = EMPTY_PROFILE
    traits: Traits | None = None

    @property
    def store(self) -> str:
        """Store the answer is for."""
        return self.body.store

    @property
    def surface(self) -> str:
        """Where on the site the answer is shown."""
        return self.body.surface

    @property
    def unit(self) -> str | None:
        """Unit of assignment; None where the shopper gave no key or did not allow measurement."""
        return self.shopper.unit if self.consent.measure else None

    @property
    def names(self) -> tuple[tuple[str, str], ...]:
        """What the unit goes by inside its customer group, the strongest first; empty where there is no unit."""
        return self.shopper.names if self.consent.measure else ()

    @property
    def session(self) -> str | None:
        """Session the answer is for; None where there is none or the shopper did not allow measurement."""
        return self.shopper.session if self.consent.measure else None

    @property
    def measured(self) -> bool:
        """True where the shopper allows measurement; without it the decision log keeps counts alone."""
        return self.consent.measure is True

    @property
    def personal(self) -> bool:
        """True where the shopper's own past may shape the answer; not said anywhere means no."""
        return self.consent.personalise is True
