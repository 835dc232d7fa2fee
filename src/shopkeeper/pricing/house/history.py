"""What pricing learns from: weeks of every product in every store, as rows that are cut by time and kept in files."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Struct

from shopkeeper.errors import BundleDamaged, NotEnoughData
from shopkeeper.pricing.demand.panel import PricePanel
from shopkeeper.pricing.demand.rows import carried, unbought
from shopkeeper.pricing.house.steps import WEEK
from shopkeeper.pricing.house.weeks import MONDAY, StoreWeeks
from shopkeeper.registry.text_arrays import pack_texts, unpack_texts

_TEXTS: Final = ("products", "stores", "categories")
_ABOUT: Final = "history.json"
_CELLS: Final = ("units", "price", "exposure", "promo", "rival", "cost")
_REMEDY: Final = "Delete the folder and read the data again."
Pairs = Mapping[tuple[str, str], int]
"""Product and store -> their pair."""


class _About(Struct, frozen=True, kw_only=True):
    fingerprint: str
    notes: dict[str, int]


@dataclass(frozen=True, slots=True)
class History:
    """Rows of one week of one pair (a product in a store), by week, then pair.

    Attributes:
        pair: Of each row, shape (rows,).
        week: Its number, counted from Monday 1970-01-05 by the store's own clock.
        units, price, exposure, promo, rival, cost: As in `panel.PricePanel`.
        product, store, category: Index of each pair's product, store and main category, shape (pairs,).
        paid: Whether a pair's price is known from its sales alone, so that weeks without a sale have no row.
        products, stores, categories: Names behind the indices.
        notes: What was left out or mended on the way, as `STORE: what` -> how many.
    """

    pair: npt.NDArray[np.int32]
    week: npt.NDArray[np.int32]
    units: npt.NDArray[np.float32]
    price: npt.NDArray[np.float32]
    exposure: npt.NDArray[np.float32]
    promo: npt.NDArray[np.float32]
    rival: npt.NDArray[np.float32]
    cost: npt.NDArray[np.float32]
    product: npt.NDArray[np.int32]
    store: npt.NDArray[np.int32]
    category: npt.NDArray[np.int32]
    paid: npt.NDArray[np.bool_]
    products: tuple[str, ...]
    stores: tuple[str, ...]
    categories: tuple[str, ...]
    notes: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.pair)

    @property
    def times(self) -> npt.NDArray[np.int64]:
        """When each row's week ends, so that a cut in time leaves whole weeks; microseconds since 1970."""
        return np.asarray(MONDAY + (self.week.astype(np.int64) + 1) * WEEK - 1)

    def take(self, keep: npt.NDArray[np.bool_]) -> History:
        """Return the rows where `keep` is true, with all pairs there are."""
        return replace(self, **{name: getattr(self, name)[keep] for name in ("pair", "week", *_CELLS)})

    def of_weeks(self, most: int) -> History:
        """Return the newest weeks."""
        return self.take(self.week > int(self.week.max(initial=0)) - most) if len(self) else self

    def pairs(self) -> Pairs:
        """Return the pair of each product and store."""
        places = zip(self.product.tolist(), self.store.tolist(), strict=True)
        return {(self.products[product], self.stores[store]): row for row, (product, store) in enumerate(places)}

    def panel(self) -> PricePanel:
        """Return the pairs over all weeks from the first to the last row.

        Where a price is known from sales alone, a week without a row counts as offered and not bought where the pause
        is one that chance makes (`rows.unbought`), judged by the rows there are.

        Raises:
            NotEnoughData: there is no row.
        """
        if not len(self):
            raise NotEnoughData("There is no whole week with a price and sales.", "Import purchases with prices.")
        first = int(self.week.min())
        shape = (len(self.product), int(self.week.max()) - first + 1)
        place = self.pair, self.week - first
        empty: dict[str, float] = {"units": 0.0, "exposure": 0.0, "promo": 0.0}
        cells: dict[str, Any] = {name: np.full(shape, empty.get(name, np.nan), np.float32) for name in _CELLS}
        for name, cell in cells.items():
            cell[place] = getattr(self, name)
        if self.paid.any():
            self._fill(cells, place, shape)
        return PricePanel(
            product=self.product, store=self.store, category=self.category, products=self.products,
            stores=self.stores, categories=self.categories, **cells,
        )  # fmt: skip

    def _fill(self, cells: dict[str, Any], place: tuple[Any, Any], shape: tuple[int, int]) -> None:
        """Tell weeks without a sale from weeks not on offer, for pairs whose price is known from sales."""
        there = np.zeros(shape, np.bool_)
        there[place] = True
        rows = np.flatnonzero(self.paid & there.any(axis=1))
        if not rows.size:
            return
        some = there[rows]
        silent = unbought(cells["units"][rows].astype(np.float64), some, self.store[rows].astype(np.int64))
        closed = ~np.isin(np.arange(shape[1]), np.flatnonzero(there.any(axis=0)))
        silent &= ~closed
        cells["exposure"][rows] = np.where(silent, 1.0, cells["exposure"][rows])
        for name in ("price", "cost", "rival"):
            part = cells[name][rows].astype(np.float64)
            known = np.isfinite(part).any(axis=1)[:, None]
            cells[name][rows] = np.where(silent & known, carried(part), part)

    def fingerprint(self) -> str:
        """Return a hash of everything."""
        digest = hashlib.sha256()
        for name, array in self._arrays().items():
            digest.update(f"{name} {array.dtype.str} {array.shape}\n".encode())
            digest.update(np.ascontiguousarray(array).tobytes())
        return digest.hexdigest()

    def parts(self) -> dict[str, str]:
        """Return `STORE, YYYY-MM-DD` of each week's Monday -> its rows and a hash of them, whatever else there is."""
        names = np.array([hashlib.blake2b(one.encode(), digest_size=8).digest() for one in self.products])
        cells = np.stack([getattr(self, name) for name in _CELLS], axis=1)
        store = self.store[self.pair]
        order = np.lexsort((self.product[self.pair], self.week, store))
        keys = np.stack([store[order], self.week[order]])
        found: dict[str, str] = {}
        if not len(self):
            return found
        heads = 1 + np.flatnonzero((keys[:, 1:] != keys[:, :-1]).any(axis=0))
        for rows in np.split(order, heads):
            digest = hashlib.blake2b(
                cells[rows].tobytes() + names[self.product[self.pair[rows]]].tobytes(), digest_size=8
            )
            monday = np.datetime64(MONDAY + int(self.week[rows[0]]) * WEEK, "us").astype("datetime64[D]")
            found[f"{self.stores[store[rows[0]]]}, {monday}"] = f"{len(rows)}:{digest.hexdigest()}"
        return found

    def _arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        held = {one.name: getattr(self, one.name) for one in fields(self)}
        arrays = {name: part for name, part in held.items() if isinstance(part, np.ndarray)}
        for name in _TEXTS:
            arrays |= pack_texts(name, held[name])
        return arrays


def history_of(stores: Sequence[tuple[str, StoreWeeks]]) -> History:
    """Join the weeks of stores: a row for each week a price was known or, where it is not, something was sold."""
    products = tuple(sorted({name for _, part in stores for name in part.goods.names}))
    categories = tuple(sorted({name for _, part in stores for name in part.goods.category}))
    names = {name: place for place, name in enumerate(products)}
    paths = {name: place for place, name in enumerate(categories)}
    rows: dict[str, list[Any]] = {name: [] for name in ("pair", "week", *_CELLS)}
    pairs: dict[str, list[Any]] = {name: [] for name in ("product", "store", "category", "paid")}
    begun, notes = 0, dict[str, int]()
    for number, (store, part) in enumerate(stores):
        notes |= {f"{store}: {what}": many for what, many in sorted(part.treated.items()) if many}
        sold = part.units > 0
        kept = np.isfinite(part.price) & (sold | ~part.paid[:, None])
        lives = np.asarray(kept.any(axis=1))
        kept &= lives[:, None]
        place = np.cumsum(lives) - 1 + begun
        begun += int(lives.sum())
        row, week = np.nonzero(kept)
        rows["pair"].append(place[row])
        rows["week"].append(week + part.first)
        for name in _CELLS:
            rows[name].append(getattr(part, name)[row, week])
        goods = np.flatnonzero(lives).tolist()
        pairs["product"] += [names[part.goods.names[one]] for one in goods]
        pairs["category"] += [paths[part.goods.category[one]] for one in goods]
        pairs["store"] += [number] * len(goods)
        pairs["paid"] += part.paid[lives].tolist()
        notes[f"{store}: products_priced_by_purchases"] = int(part.paid[lives].sum())
    joined = {name: np.concatenate(parts) if parts else np.zeros(0) for name, parts in rows.items()}
    order = np.lexsort((joined["pair"], joined["week"]))
    whole: dict[str, Any] = {name: joined[name][order].astype(np.int32) for name in ("pair", "week")}
    numbers: dict[str, Any] = {name: joined[name][order].astype(np.float32) for name in _CELLS}
    return History(
        **whole, **numbers, product=np.array(pairs["product"], np.int32), store=np.array(pairs["store"], np.int32),
        category=np.array(pairs["category"], np.int32), paid=np.array(pairs["paid"], np.bool_), products=products,
        stores=tuple(store for store, _ in stores), categories=categories, notes=notes,
    )  # fmt: skip


def write_history(history: History, folder: Path) -> None:
    """Write each array to a file of its own and a fingerprint beside them; the same history gives the same bytes."""
    for name, array in history._arrays().items():
        np.save(folder / f"{name}.npy", np.ascontiguousarray(array), allow_pickle=False)
    about = _About(fingerprint=history.fingerprint(), notes=dict(history.notes))
    (folder / _ABOUT).write_bytes(msgspec.json.encode(about))


def read_history(folder: Path) -> History:
    """Return what was written.

    Raises:
        BundleDamaged: a file is missing, cannot be read, or is not what was written.
    """
    try:
        about = msgspec.json.decode((folder / _ABOUT).read_bytes(), type=_About)
        arrays = {path.stem: np.load(path, allow_pickle=False) for path in sorted(folder.glob("*.npy"))}
        texts = {name: tuple(unpack_texts(name, arrays)) for name in _TEXTS}
        held = {one.name: arrays[one.name] for one in fields(History) if one.name in arrays}
        history = History(**held, **texts, notes=about.notes)  # type: ignore[arg-type]
    except (OSError, ValueError, EOFError, KeyError, TypeError, msgspec.MsgspecError) as error:
        raise BundleDamaged(f"The price history in {folder} cannot be read: {error}.", _REMEDY) from error
    if history.fingerprint() != about.fingerprint:
        raise BundleDamaged(f"The price history in {folder} is not what was written (SHA-256 differs).", _REMEDY)
    return history
