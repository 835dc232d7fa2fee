"""Interactions out of the warehouse, as codes: no text crosses for each event, so 10 million rows stay light."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import numpy as np
import numpy.typing as npt

from shopkeeper.commerce.event import MOST_STARS
from shopkeeper.errors import Unavailable
from shopkeeper.quality.ports import NamedQuery, Warehouse
from shopkeeper.recommendations.behaviour.examination import position_exponent, read_shown
from shopkeeper.recommendations.behaviour.extract_facts import extract_facts, extract_traits
from shopkeeper.recommendations.behaviour.extract_sentences import SentenceEncoder
from shopkeeper.recommendations.behaviour.interactions import NOBODY, Interactions
from shopkeeper.recommendations.behaviour.items import ItemIndex
from shopkeeper.recommendations.behaviour.shoppers import KeyKind, shopper_key
from shopkeeper.recommendations.behaviour.variants import folded

_PACKAGE = "shopkeeper.recommendations.behaviour"
_FOREVER = datetime(9000, 1, 1, tzinfo=UTC)
_TRIES = 5

Columns = dict[str, npt.NDArray[np.generic]]


def extract_interactions(
    warehouse: Warehouse,
    until: datetime | None = None,
    known: datetime | None = None,
    encoder: SentenceEncoder | None = None,
) -> Interactions:
    """Read every interaction before `until` that had come in at the moment `known`; None = all of them.

    Variants of one parent are one item, by what product records say now. With an encoder their texts become vectors.

    Codes are ranks over the rows there are, so the four reads must see the same rows: their counts are compared, and
    the whole is read again when something came in between.

    Raises:
        Unavailable: rows came in between every time.
    """
    for _ in range(_TRIES):
        rows, items, shoppers, stores = (
            warehouse.fetch(query(name), until=until or _FOREVER, known=known or _FOREVER)
            for name in ("interactions", "interaction_items", "interaction_shoppers", "interaction_stores")
        )
        data = _assemble(rows, items, shoppers, stores)
        if data is not None:
            facts = extract_facts(warehouse, data.index, encoder)
            traits = extract_traits(warehouse, data.shopper_keys)
            shown = read_shown(warehouse, until or _FOREVER, known or _FOREVER)
            return replace(data, facts=facts, traits=traits, position_exponent=position_exponent(shown))
    raise Unavailable(
        f"The event log changed during each of {_TRIES} reads.",
        "Train with `--until` a moment ago, or when less is coming in.",
    )


def query(name: str) -> NamedQuery:
    """Return one of the named queries over the rows of `seen.sql`."""
    seen, own = NamedQuery.load(_PACKAGE, "seen"), NamedQuery.load(_PACKAGE, name)
    return NamedQuery(f"recommendations/{name}", f"{seen.text}{own.text}")


def _assemble(rows: Columns, items: Columns, shoppers: Columns, stores: Columns) -> Interactions | None:
    """Return the columns put together; None when they were not read from the same rows."""
    codes = {name: rows[name].astype(np.int32) for name in ("shopper", "item", "store")}
    for name, known in (("item", items), ("shopper", shoppers), ("store", stores)):
        code = codes[name]
        counts = np.bincount(code[code != NOBODY], minlength=len(known["events"]))
        if not np.array_equal(counts, known["events"].astype(np.int64)):
            return None
    groups, starts = _spans([str(group) for group in items["customer_group"]])
    keys = zip(shoppers["customer_group"], shoppers["key_kind"], shoppers["key_id"], strict=True)
    data = Interactions(
        shoppers=codes["shopper"],
        items=codes["item"],
        stores=codes["store"],
        kinds=rows["kind"].astype(np.int8),
        times=rows["ts"].astype("datetime64[us]").astype(np.int64),
        devices=rows["device"].astype(np.int8),
        index=ItemIndex(groups, starts, [str(product) for product in items["product"]]),
        categories=[_paths(text) for text in items["categories"]],
        shopper_keys=[shopper_key(str(group), _kind(str(kind)), str(identity)) for group, kind, identity in keys],
        store_names=tuple(str(store) for store in stores["store"]),
        positions=np.minimum(rows["place"].astype(np.int64), np.iinfo(np.int16).max).astype(np.int16),
        stars=_stars(rows["stars"].astype(np.float32)),
        referrers=_where_said(rows["referrer"].astype(np.int8)),
        time_zones=tuple(str(zone) for zone in stores["time_zone"]),
    )
    return folded(data, [str(parent) for parent in items["parent"]])


def _stars(said: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """Return the ratings on their scale; shape (0,) where nobody said one."""
    return np.minimum(said, MOST_STARS) if said.any() else said[:0]


def _where_said(classes: npt.NDArray[np.int8]) -> npt.NDArray[np.int8]:
    """Return the classes of referrers; shape (0,) where no event says where its shopper came from."""
    return classes if classes.any() else classes[:0]


def _spans(group_of_item: list[str]) -> tuple[tuple[str, ...], npt.NDArray[np.int64]]:
    """Return the groups in order of their items, and where each one's items begin."""
    groups = tuple(dict.fromkeys(group_of_item))
    place = {group: number for number, group in enumerate(groups)}
    counts = np.bincount([place[group] for group in group_of_item], minlength=len(groups)).astype(np.int64)
    starts = np.zeros(len(groups) + 1, dtype=np.int64)
    np.cumsum(counts, out=starts[1:])
    return groups, starts


def _kind(text: str) -> KeyKind:
    return "user" if text == "user" else "visitor" if text == "visitor" else "session"


def _paths(text: object) -> tuple[str, ...]:
    """Return category paths from the JSON text they are stored as; anything else counts as none."""
    try:
        return msgspec.json.decode(str(text), type=tuple[str, ...])
    except msgspec.MsgspecError:
        return ()
