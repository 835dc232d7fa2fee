"""The history of a world before Shopkeeper, as the files a shop would hand over."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np

from shopkeeper.commerce.product import Product
from shopkeeper.commerce.shopper import User
from shopkeeper.commerce.store import Store
from shopkeeper.simulation.worlds.mechanism import Minds
from shopkeeper.simulation.worlds.shop import Goods, Integers, season
from shopkeeper.simulation.worlds.visits import Basket, Moved, Page, live
from shopkeeper.simulation.worlds.words import AGE_BANDS, GENDERS, LOOKS, REGIONS, SEGMENTS, categories
from shopkeeper.simulation.worlds.world import World

STORE: Final = "world"
CURRENCY: Final = "EUR"
STRIP: Final = 8
"""Places of the bestseller strip on the home page, the only list there was before Shopkeeper."""
COLUMNS: Final = (
    "event_id", "ts", "store", "type", "visitor", "user", "session", "product", "quantity", "price", "currency",
    "order_id", "surface", "position",
)  # fmt: skip


@dataclass
class OldShop:
    """Implements `visits.Shop`: a strip of bestsellers on the home page, nothing on product pages; keeps a record.

    Attributes:
        rows: One event each, in the order of `COLUMNS`.
        views: Products looked at, visit by visit, oldest first.
        baskets: What was bought together.
    """

    world: World
    start: datetime
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    views: dict[tuple[int, int], list[int]] = field(default_factory=dict)
    baskets: list[tuple[int, tuple[int, ...]]] = field(default_factory=list)

    def show(self, page: Page) -> Integers:
        """Return the products wanted most by everybody at the time of the year, to who is on the home page."""
        goods = self.world.goods
        shown = np.full((len(page.shopper), STRIP), -1, dtype=np.int64)
        wanted = np.where(goods.born <= page.day, goods.appeal + season(goods, self.world.plan.shop, page.day), -np.inf)
        shown[page.product < 0] = np.argsort(-wanted, kind="stable")[:STRIP]
        return shown

    def told(self, page: Page, shown: Integers, moved: Moved) -> None:
        """Write down impressions, clicks, views and carts."""
        for n, (visit, shopper) in enumerate(zip(page.visit.tolist(), page.shopper.tolist(), strict=True)):
            then, when = self._time(float(page.second[n])), self._time(float(moved.second[n]))
            if page.product[n] < 0:
                for place, product in enumerate(shown[n].tolist(), 1):
                    self._add("impression", then, page.day, visit, shopper, product, surface="home", position=place)
            product, place = int(moved.product[n]), int(moved.place[n])
            if product < 0:
                continue
            if place:
                self._add("click", then, page.day, visit, shopper, product, surface="home", position=place)
            self._add("view", when, page.day, visit, shopper, product, surface="product")
            self.views.setdefault((page.day, visit), []).append(product)
            if moved.bought[n]:
                self._add("cart", when, page.day, visit, shopper, product)

    def paid(self, day: int, baskets: list[Basket]) -> None:
        """Write down orders; the lines of one share their time."""
        for basket in baskets:
            when = self._time(basket.second)
            self.baskets.append((basket.shopper, basket.products))
            for product in dict.fromkeys(basket.products):
                self._add("purchase", when, day, basket.visit, basket.shopper, product, order=f"O{day}-{basket.visit}")

    def _time(self, second: float) -> str:
        return (self.start + timedelta(seconds=round(second))).isoformat()

    def _add(
        self, kind: str, when: str, day: int, visit: int, shopper: int, product: int, *, surface: str = "",
        position: int | str = "", order: str = "",
    ) -> None:  # fmt: skip
        people, goods = self.world.people, self.world.goods
        user = people.ids[shopper] if people.signed_in[shopper] else ""
        who = (f"V-{people.ids[shopper]}", user, f"{day}-{visit}")
        money = (1, float(goods.price[product]), CURRENCY) if kind in ("cart", "purchase") else ("", "", "")
        what = (goods.ids[product], *money, order, surface, position)
        self.rows.append((f"E{len(self.rows)}", when, STORE, kind, *who, *what))


def live_history(world: World, start: datetime) -> tuple[OldShop, Minds]:
    """Live through the history and return its record and what is on everybody's mind at its end."""
    shop, minds = OldShop(world, start), world.choice.minds()
    live(world, minds, range(world.plan.shop.history_days), shop)
    return shop, minds


def write_dataset(world: World, shop: OldShop, folder: Path) -> None:
    """Write what a retailer would hand over: stores, products, users and events."""
    folder.mkdir(parents=True, exist_ok=True)
    _jsonl(folder / "stores.jsonl", [Store(store=STORE, currency=CURRENCY, simulated=True)])
    _jsonl(folder / "products.jsonl", (_product(world.goods, n, shop.start) for n in range(world.goods.size)))
    _jsonl(folder / "users.jsonl", _users(world, shop.start))
    with (folder / "events.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        shop.rows.sort(key=_moment)
        writer.writerows(shop.rows)


def _moment(row: tuple[Any, ...]) -> str:
    return str(row[1])


def _product(goods: Goods, number: int, start: datetime) -> Product:
    department, leaf = categories()[goods.category[number]]
    looks = [LOOKS[place] for place in np.flatnonzero(goods.looks[number]).tolist()]
    brand = goods.brands[goods.brand[number]]
    born = start + timedelta(days=int(goods.born[number]))
    return Product(
        product=goods.ids[number],
        store=STORE,
        title=f"{brand} {' '.join(looks[:2])} {leaf.lower()}",
        description=f"{leaf} by {brand}: {', '.join(looks)}.",
        brand=brand,
        categories=(f"{department} > {leaf}",),
        price=float(goods.price[number]),
        cost=round(float(goods.price[number]) * 0.6, 2),
        currency=CURRENCY,
        created_at=born,
        available_from=born,
        attributes={"look": looks[0]},
    )


def _users(world: World, start: datetime) -> Iterable[User]:
    people = world.people
    for number in np.flatnonzero(people.signed_in).tolist():
        yield User(
            user=people.ids[number],
            store=STORE,
            age_band=AGE_BANDS[people.age[number]],
            gender=GENDERS[people.gender[number]],
            region=REGIONS[people.region[number]],
            segment=SEGMENTS[people.segment[number]],
            created_at=start,
        )


def _jsonl(path: Path, rows: Iterable[object] | Sequence[object]) -> None:
    encoder = msgspec.json.Encoder()
    with path.open("wb") as file:
        for row in rows:
            file.write(encoder.encode(row) + b"\n")
