"""Recommendations as the rails see them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from copy import copy
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from shopkeeper.errors import Unavailable
from shopkeeper.recommendations.answer import RecommendationAnswer
from shopkeeper.recommendations.batch.nightly import NightLists, answered_live, from_the_night
from shopkeeper.recommendations.behaviour.refusals import refusals
from shopkeeper.recommendations.catalogue.shelf import Shelf
from shopkeeper.recommendations.catalogue.trending import Trending
from shopkeeper.recommendations.drawing import draw_seed, drawn, explores, likelihoods, odds_of
from shopkeeper.recommendations.fallback import fall_back
from shopkeeper.recommendations.fill import Stock
from shopkeeper.recommendations.kept_under import packed, ruled_by, what_is_asked
from shopkeeper.recommendations.last_good import last_good
from shopkeeper.recommendations.lists import listed, own_past
from shopkeeper.recommendations.loaded import LoadedModel, load_model
from shopkeeper.recommendations.models.visit_lifts import NO_LIFTS
from shopkeeper.recommendations.past import Past
from shopkeeper.recommendations.recipe import DEFAULT_PARAMS, RecommendParams, changed
from shopkeeper.recommendations.recommend import asked_of_the_shelf, recommend, recommend_many, rules_for
from shopkeeper.recommendations.request import RecommendationRequest
from shopkeeper.recommendations.rules.merchandising import Surface
from shopkeeper.recommendations.rules.places import within_quotas
from shopkeeper.recommendations.rules.shop_rules import ShopRules
from shopkeeper.recommendations.similar import similar_request
from shopkeeper.recommendations.strangers import visit_told
from shopkeeper.recommendations.surfaces import recipe_of, surface_of
from shopkeeper.recommendations.trending_list import trending_list
from shopkeeper.recommendations.variety.exploration import Odds
from shopkeeper.registry.bundle import Bundle
from shopkeeper.serving.catalogue import Catalogue

_REHEARSED_LIST = 20
_NO_PAST = Past()


@dataclass(slots=True)
class _Held:
    """What one form answers with now, replaced as a whole."""

    serving: tuple[LoadedModel | None, Stock]


class RecommendationSystem:
    """Implements `serving.ports.DecisionSystem`.

    Args:
        catalogue: The live shelf; every answer is checked against it.
        trending: Live counts.
        params: How evidence is weighed.
        lists: What was made overnight; None = nothing was.
        shop_rules: What the shop's own rules want of its lists; it may be changed from outside.
    """

    name = "recommendations"

    def __init__(
        self,
        catalogue: Catalogue,
        trending: Trending,
        params: RecommendParams = DEFAULT_PARAMS,
        lists: NightLists | None = None,
        shop_rules: ShopRules | None = None,
    ) -> None:
        self.shop_rules = shop_rules or ShopRules()
        self._arm: Mapping[str, Any] = {}
        self._catalogue = catalogue
        self._params = params
        self._lists = lists
        self._held = _Held((None, Stock(catalogue, Shelf(catalogue), trending, rules=self.shop_rules)))
        self._moment: tuple[Any, Any] | None = None
        """What the system of which this one is a moment served with then, and by which rules."""

    def load(self, bundle: Bundle | None) -> None:
        """Serve another version from the next request on; None = rules only.

        Raises:
            UnknownModel: the bundle holds a model this Shopkeeper does not know; the old version goes on serving.
        """
        self.serve(load_model(bundle) if bundle is not None else None)

    def serve(self, loaded: LoadedModel | None) -> None:
        """Serve a version that is open already from the next request on; None = rules only."""
        for store in self._catalogue.stores:
            self._serving[1].shelf.order(store.store)  # read the shelves now, not in the first request
        self._held.serving = self._over(loaded)

    def beside(self, loaded: LoadedModel) -> RecommendationSystem:
        """Return another version over the same shelf, that no `serve` of this one changes."""
        other = copy(self)
        other._held = _Held(self._over(loaded))
        return other

    def with_settings(self, settings: Mapping[str, Any]) -> RecommendationSystem:
        """Return this version, whichever it is at the time, with some settings of the recipe changed.

        Raises:
            InputError: there is no such setting, or the value is not one it can have.
        """
        other = copy(self)
        other._params = changed(self._params, settings)
        other._arm = {**self._arm, **settings}
        return other

    def ruled_by(self, rules: ShopRules) -> RecommendationSystem:
        """Return the version that serves now under other rules of the shop, that nothing here changes."""
        other = copy(self)
        loaded, stock = self._serving
        other.shop_rules = rules
        other._held = _Held((loaded, replace(stock, rules=rules)))
        return other

    def as_now(self, before: object) -> RecommendationSystem:
        """Return this version under these rules, that neither `serve` nor other rules of the shop change."""
        serving, rules = self._serving, self.shop_rules.as_now()
        if isinstance(before, RecommendationSystem) and before._moment is not None:
            held, ruled = before._moment
            if held is serving and rules.same_as(ruled):
                return before
        other = self.ruled_by(rules)
        other._moment = (serving, rules)
        return other

    @property
    def catalogue(self) -> Catalogue:
        """The shelf every answer is checked against."""
        return self._catalogue

    @property
    def _serving(self) -> tuple[LoadedModel | None, Stock]:
        return self._held.serving

    def _over(self, loaded: LoadedModel | None) -> tuple[LoadedModel | None, Stock]:
        stock = self._serving[1]
        if loaded is None:
            return None, replace(stock, popular=None, lifts=NO_LIFTS)
        return loaded, replace(stock, popular=loaded.popular, lifts=loaded.lifts)

    @property
    def version(self) -> str | None:
        """Version that serves; None while there is none."""
        loaded = self._serving[0]
        return loaded.version if loaded else None

    def answer(self, request: RecommendationRequest) -> RecommendationAnswer:
        """Answer with the model.

        Raises:
            Unavailable: no model is loaded.
        """
        loaded, stock = self._serving
        if loaded is None:
            raise Unavailable(
                "No recommendation model is loaded.", "Train one with `shopkeeper train recommendations`."
            )
        surface, params = self._made_by(request)
        if surface.list != "for_you":
            return listed(surface.list, request, loaded, stock, params)
        if not answered_live(request, params):
            return from_the_night(request, loaded, stock, params, self._lists)
        return recommend(request, loaded, stock, params)

    def answers(self, requests: Sequence[RecommendationRequest]) -> Sequence[RecommendationAnswer]:
        """Answer several requests with the model, which is asked once for all lists that are its own.

        Raises:
            Unavailable: no model is loaded.
        """
        loaded, stock = self._serving
        recipes = [self._made_by(request) for request in requests]
        own = [
            place
            for place, (request, (surface, params)) in enumerate(zip(requests, recipes, strict=True))
            if surface.list == "for_you" and answered_live(request, params)
        ]
        if loaded is None or len(own) < 2:
            return [self.answer(request) for request in requests]
        asked = [(requests[place], recipes[place][1]) for place in own]
        found = dict(zip(own, recommend_many(asked, loaded, stock), strict=True))
        return [found[place] if place in found else self.answer(one) for place, one in enumerate(requests)]

    def fallback(self, request: RecommendationRequest) -> RecommendationAnswer:
        """Answer by rules alone; never raises."""
        stock = replace(self._serving[1], popular=None, lifts=NO_LIFTS)
        surface, params = self._made_by(request)
        if surface.list != "for_you":
            return listed(surface.list, request, None, stock, params)
        return fall_back(request, stock, params)

    def _made_by(self, request: RecommendationRequest) -> tuple[Surface, RecommendParams]:
        """Return how the list of a request is made, and by what recipe."""
        surface = surface_of(request.body, self.shop_rules)
        return surface, recipe_of(surface, self._params, self._arm)

    def similar(self, store: str, product: str, k: int, now: datetime) -> RecommendationAnswer:
        """Return what goes with one product, by the model where there is one, else by rules."""
        request = similar_request(store, self._catalogue.group(store), product, k, now)
        return self.answer(request) if self._serving[0] is not None else self.fallback(request)

    def renew_orders(self) -> None:
        """Bring up to date what rules read of large shelves, so that no answer has to; called again and again."""
        self._serving[1].shelf.renew()

    def rehearsals(self, now: datetime, many: int) -> list[RecommendationRequest]:
        """Return requests for nobody in particular that keep a model busy: product pages from all over the shelves."""
        stores = self._catalogue.stores[:many]
        each = -(-many // max(1, len(stores)))
        asked = []
        for store in stores:
            products = self._serving[1].shelf.order(store.store).everything
            pages = products[:: max(1, len(products) // each)][:each]
            asked += [similar_request(store.store, store.group, page, _REHEARSED_LIST, now) for page in pages]
        return asked[:many]

    def trending(self, store: str, category: str | None, k: int, now: datetime) -> RecommendationAnswer:
        """Return what is wanted most right now and may be shown, filled up to `k` where little happens.

        What fills up says so in its reason: by the popularity of the last training data, then from the catalogue.
        """
        return trending_list(store, category, k, now, self._serving[1], self._params)

    def cache_key(self, request: RecommendationRequest) -> Hashable | None:
        """Return everything the answer depends on but the shelf; None where caching is no use.

        The shopper's keys and session version are part of it only where the answer is personal.
        """
        asked = what_is_asked(request, surface_of(request.body, self.shop_rules))
        if asked is None:
            return None
        loaded, stock = self._serving
        learnt = loaded.steps(request.shopper.group, request.body.products) if loaded else None
        model = (loaded.version, loaded.content, learnt) if loaded else None
        person = (self._made_at(request), request.traits) if request.personal else None
        told = visit_told(request, stock.catalogue) if stock.lifts else {}
        visit = tuple(told[fact] for fact in stock.lifts.tables)
        rules = ruled_by(request, self.shop_rules, stock.catalogue)
        return packed((self.name, model, asked, person, visit, rules))

    def last_key(self, request: RecommendationRequest) -> Hashable | None:
        """Return what is asked and by whom; None where an answer is not kept, or is a list of the shopper's own past,
        which the rules make as it is now."""
        surface = surface_of(request.body, self.shop_rules)
        asked = None if own_past(surface.list) else what_is_asked(request, surface)
        return None if asked is None else packed(asked)

    def renewed(self, request: RecommendationRequest, earlier: RecommendationAnswer) -> RecommendationAnswer:
        """Return what an earlier list to the same shopper has that may be shown now, filled up by rules."""
        loaded, stock = self._serving
        return last_good(request, earlier, loaded, stock, self._made_by(request)[1])

    def _made_at(self, request: RecommendationRequest) -> Hashable:
        """Return what changes when a shopper's answer would: their profile, or the lists of the night and refusals."""
        if answered_live(request, self._made_by(request)[1]):
            return request.profile.version
        return self._lists.mark if self._lists is not None else 0, tuple(sorted(refusals(request.profile.events)))

    def still_holds(self, request: RecommendationRequest, answer: RecommendationAnswer) -> bool:
        """Say whether every product may still be shown and still is what the request asked for.

        Prices, brands and categories change: a filter is judged by the live card, never by the answer's age. What the
        shopper bought needs no second look, as every purchase changes the cache key. Nor does anything while the shelf
        is the one that was looked at, no rule of the shop concerns the request, and no product has days.
        """
        unruled = self.shop_rules.rules_nothing(request.store, self._catalogue)
        shelf = (self._catalogue.version, *asked_of_the_shelf(request))
        if unruled and answer.held_on(shelf):
            return True
        rules = rules_for(request, _NO_PAST, self._serving[1], self._params)
        cards = rules.all_allowed([item.product for item in answer.items])
        if cards is None or (rules.plan is not None and not within_quotas(rules.plan, cards)):
            return False
        if unruled and not any(card.dated for card in cards):
            answer.hold_on(shelf)
        return True

    def draw(
        self, request: RecommendationRequest, answer: RecommendationAnswer, decision_id: str
    ) -> RecommendationAnswer:
        """Return the list as it is shown; where the recipe tries products out, one drawn by chance.

        Nothing is tried out on shoppers who are not measured, as nobody would learn from it. A shopper keeps a drawn
        list until they do something.
        """
        if not explores(self._made_by(request)[1]) or not request.measured:
            return answer
        what = self._odds(request, answer)
        return answer if what.certain else drawn(answer, what, draw_seed(request, self.version, decision_id))

    def likelihoods(
        self, request: RecommendationRequest, shown: RecommendationAnswer, own: RecommendationAnswer
    ) -> Sequence[tuple[str, float, float]]:
        """Return for each product shown the chance it stood at its place with, and the chance by this recipe."""
        return likelihoods(shown, self._odds(request, own)) if shown.chances else ()

    def _odds(self, request: RecommendationRequest, answer: RecommendationAnswer) -> Odds:
        params = self._made_by(request)[1]
        rules = rules_for(request, Past(), self._serving[1], params)
        return odds_of(request, answer, rules, self._serving[1], params)

    def record(self, answer: RecommendationAnswer) -> tuple[int, Mapping[str, Any]]:
        """Return the number of products, and the products with scores and reason codes; drawn ones with their chances.

        A list without chance says so once: every product had the propensity 1.
        """
        if not answer.chances:
            return len(answer.items), {"items": answer.logged_json, "policy": "certain", "propensity": 1.0}
        items = [
            {
                "product": item.product, "score": item.score, "reasons": [reason.code for reason in item.reasons],
                "propensity": one.propensity, "chance": one.chance, "policy_score": one.score, "open": one.open,
            }
            for item, one in zip(answer.items, answer.chances, strict=True)
        ]  # fmt: skip
        return len(items), {"items": items, "policy": "drawn", "seed": f"{answer.seed:016x}"}

    def agreement(self, shown: RecommendationAnswer, other: RecommendationAnswer) -> float | None:
        """Return which share of the products shown another answer has too; None where none was shown."""
        if not shown.items:
            return None
        return len({item.product for item in shown.items} & {item.product for item in other.items}) / len(shown.items)
