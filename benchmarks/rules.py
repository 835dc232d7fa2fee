"""What rules of the shop cost a request: the last line of stdout is one JSON object.

    python benchmarks/rules.py [--products N] [--requests N] [--seed N]

A shop of 100,000 products in 500 categories and 1,000 brands, with an item-kNN model of made-up histories; the same
requests (20 products, three live events, no cache) are answered with 0, 20 and 200 rules. Of ten rules two exclude, one
filters, two boost, one buries, two are quotas, one pins, one includes; nine in ten name brands, categories or products,
the tenth a bound of price, margin, stock or age. CPU seconds of this process, the sets taken in turn so that a busy
machine hurts all alike.

`us_N`: microseconds of CPU for one answer with N rules, once the cards are known; `us_cold_N`: for the first requests
after the rules changed, when no card has been asked yet. `rules_us_N`: what N rules add to an answer without any.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from shopkeeper.commerce.consent import FULL_CONSENT
from shopkeeper.commerce.product import Product
from shopkeeper.commerce.shopper import Shopper
from shopkeeper.commerce.store import Store
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.recommendations.behaviour.interactions import KINDS, SECOND, Interactions
from shopkeeper.recommendations.behaviour.items import single_group
from shopkeeper.recommendations.behaviour.shoppers import ShopperPasts, shopper_key
from shopkeeper.recommendations.catalogue.trending import Trending
from shopkeeper.recommendations.loaded import assemble_model, bundle_arrays
from shopkeeper.recommendations.models.item_knn import ItemKnn, ItemKnnParams
from shopkeeper.recommendations.request import RecommendationBody, RecommendationRequest
from shopkeeper.recommendations.rules.merchandising import RuleSet, read_rules
from shopkeeper.recommendations.rules.shop_rules import ShopRules
from shopkeeper.recommendations.system import RecommendationSystem
from shopkeeper.serving.catalogue import Catalogue
from shopkeeper.serving.ports import Profile, SessionEvent

NOW = datetime(2026, 6, 1, 12, tzinfo=UTC)
CATEGORIES, BRANDS = 500, 1_000
SIZES = (0, 20, 200)
ROUNDS = 5


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--products", type=int, default=100_000)
    parser.add_argument("--requests", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    chosen = parser.parse_args()
    chance = random.Random(chosen.seed)  # noqa: S311 - a seeded load
    system = shop(chosen.products, chosen.seed)
    asked = requests(chosen.products, chosen.requests, chance)
    ruled = {size: with_rules(system, rules(size, chosen.products, chance)) for size in SIZES}
    for one in ruled.values():
        one.answer(asked[0])  # shelves and look-ups are made before anything is measured
    cold = {size: measured(one.ruled_by(fresh(one)), asked[:20]) for size, one in ruled.items()}
    warm: dict[int, list[float]] = {size: [] for size in SIZES}
    for one in ruled.values():
        measured(one, asked)
    for _ in range(ROUNDS):
        for size, one in ruled.items():
            warm[size].append(measured(one, asked))
    figures: dict[str, float] = {f"us_{size}": round(float(np.median(warm[size])), 1) for size in SIZES}
    figures |= {f"us_cold_{size}": round(cold[size], 1) for size in SIZES}
    figures |= {f"rules_us_{size}": round(figures[f"us_{size}"] - figures["us_0"], 1) for size in SIZES[1:]}
    print(json.dumps({"products": chosen.products, "requests": chosen.requests, "seed": chosen.seed, **figures}))


def measured(system: RecommendationSystem, asked: list[RecommendationRequest]) -> float:
    """Return the microseconds of CPU of one answer."""
    begun = time.process_time()
    for request in asked:
        system.answer(request)
    return (time.process_time() - begun) / len(asked) * 1e6


def with_rules(system: RecommendationSystem, told: list[dict[str, Any]]) -> RecommendationSystem:
    """Return the system under some rules."""
    sets = [RuleSet(store="uk", version=1, rules=read_rules(told))] if told else []
    return system.ruled_by(ShopRules(sets))


def fresh(system: RecommendationSystem) -> ShopRules:
    """Return the same rules, of which nothing is known yet."""
    return ShopRules(system.shop_rules.sets("uk"))


def rules(count: int, products: int, chance: random.Random) -> list[dict[str, Any]]:
    """Return rules as a shop has them; pins and includes after the first twenty are of campaigns on other pages."""

    def named() -> dict[str, Any]:
        return chance.choice([
            {"brands": [f"b{chance.randrange(BRANDS)}" for _ in range(3)]},
            {"categories": [f"c{chance.randrange(CATEGORIES)}"]},
            {"products": [f"p{chance.randrange(products)}" for _ in range(20)]},
        ])  # fmt: skip

    kinds: list[dict[str, Any]] = [
        {"do": "exclude"}, {"do": "exclude"}, {"do": "boost", "by": 1.5}, {"do": "boost", "by": 2},
        {"do": "bury", "by": 0.5}, {"do": "quota", "at_most": 2}, {"do": "quota", "per": "brand", "at_most": 3},
        {"do": "include", "at_least": 1}, {"do": "pin"}, {"do": "filter"},
    ]  # fmt: skip
    found = []
    for number in range(count):
        rule = {"name": str(number), **kinds[number % 10]}
        if rule["do"] == "pin":
            rule |= {"product": f"p{chance.randrange(products)}", "position": 1 + number % 20}
        elif rule["do"] == "filter":
            rule["where"] = chance.choice(
                [{"price_min": 1}, {"margin_min": 0.05}, {"stock_min": 1}, {"age_days_min": 1}]
            )
        else:
            rule["where"] = named()
        if number >= 20 and rule["do"] in ("include", "pin"):
            rule["when"] = {"surfaces": [f"campaign {number}"]}
        found.append(rule)
    return found


def requests(products: int, count: int, chance: random.Random) -> list[RecommendationRequest]:
    """Return requests of shoppers who looked at three popular products."""
    found = []
    for number in range(count):
        seen = [f"p{int(products * chance.random() ** 3)}" for _ in range(3)]
        events = tuple(SessionEvent(name, "view", NOW - timedelta(minutes=9 - n)) for n, name in enumerate(seen))
        body = RecommendationBody(store="uk", visitor=f"v{number}", k=20)
        shopper = Shopper("uk", visitor=body.visitor)
        found.append(RecommendationRequest(body, shopper, FULL_CONSENT, NOW, Profile(events, 1)))
    return found


def shop(products: int, seed: int) -> RecommendationSystem:
    """Return a shop with a model of made-up histories."""
    catalogue = Catalogue()
    rows: list[Store | Product] = [Store(store="uk", tax_rates={"standard": 0.2})]
    rows += [
        Product(
            product=f"p{n}", store="uk", brand=f"b{n % BRANDS}", categories=(f"c{n % CATEGORIES}",), price=5.0 + n % 90,
            cost=2.0, stock=float(1 + n % 50), created_at=NOW - timedelta(days=2 + n % 700),
        )
        for n in range(products)
    ]  # fmt: skip
    catalogue.apply(SourcedRow(row, NOW) for row in rows)
    system = RecommendationSystem(catalogue, Trending())
    chance = np.random.default_rng(seed)
    names = tuple(f"p{n}" for n in range(products))
    events = 20 * 50_000
    data = Interactions(
        shoppers=np.repeat(np.arange(50_000, dtype=np.int32), 20),
        items=(products * chance.random(events) ** 3).astype(np.int32),
        stores=np.zeros(events, dtype=np.int32),
        kinds=np.full(events, KINDS.index("view"), dtype=np.int8),
        times=np.arange(events, dtype=np.int64) * 60 * SECOND,
        devices=np.zeros(events, dtype=np.int8),
        index=single_group(names, "uk"),
        categories=[(f"c{n % CATEGORIES}",) for n in range(products)],
        shopper_keys=[shopper_key("uk", "visitor", f"old{n}") for n in range(50_000)],
        store_names=("uk",),
    )
    model = ItemKnn.fit(data, ItemKnnParams(), seed)
    system.serve(assemble_model("bench", model.name, bundle_arrays(model, ShopperPasts.build(data))))
    return system


if __name__ == "__main__":
    main()
