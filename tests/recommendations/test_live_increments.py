"""What shoppers do reaches the item-kNN of the versions that answer, and no further."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from shopkeeper.commerce.event import Event
from shopkeeper.recommendations.behaviour.history import Asked
from shopkeeper.recommendations.behaviour.shoppers import ShopperPasts
from shopkeeper.recommendations.live_increments import LiveIncrements
from shopkeeper.recommendations.loaded import LoadedModel, assemble_model, bundle_arrays
from shopkeeper.recommendations.models.item_knn import ItemKnn, ItemKnnParams
from shopkeeper.testing.planted import END, planted_interactions

GROUP, STORE = "north", "north-1"
LATER = END + timedelta(days=1)


def loaded() -> LoadedModel:
    data = planted_interactions()
    model = ItemKnn.fit(data, ItemKnnParams(), seed=1)
    return assemble_model("v1", model.name, bundle_arrays(model, ShopperPasts.build(data)))


def event(product: str, seconds: int, visitor: str | None = None, user: str | None = None) -> Event:
    ts = LATER + timedelta(seconds=seconds)
    return Event(
        event_id=f"{product}{seconds}", ts=ts, store=STORE, type="view", product=product, visitor=visitor, user=user
    )


def with_page(version: LoadedModel, product: str) -> dict[str, float]:
    """Return what goes with one product, and how much."""
    code = version.index.code(GROUP, product)
    assert code is not None
    none = np.zeros(1, dtype=np.int64)
    asked = Asked(STORE, 0, np.array([code]), np.ones(1), none.astype(np.int8), none, none.astype(np.bool_))
    scored = version.model.score(asked)
    names = [version.index.products[item] for item in scored.items.tolist()]
    return dict(zip(names, scored.scores.tolist(), strict=True))


def gained(version: LoadedModel) -> npt.NDArray[np.int64]:
    """Return by how many entries each product was met more often."""
    (knn,) = version.knns
    assert knn.grown is not None
    before, now = knn.grown.entries
    return now - before


def pairs(version: LoadedModel) -> set[tuple[str, str]]:
    """Return the pairs of products that gained."""
    (knn,) = version.knns
    keys = [] if knn.grown is None else knn.grown.keys.tolist()
    names, size = version.index.products, len(version.index)
    return {(names[key // size], names[key % size]) for key in keys}


def grown(increments: LiveIncrements, *versions: LoadedModel) -> None:
    asyncio.run(increments.grow(versions))


def test_versions_that_answer_know_what_was_heard_whenever_they_began() -> None:
    first, second, increments = loaded(), loaded(), LiveIncrements()
    one, other = first.index.products[0], first.index.products[40]
    before = with_page(first, one).get(other, 0.0)
    grown(increments, first)
    increments.record(GROUP, [event(one, 0, "x"), event(other, 5, "x")])
    grown(increments, first)
    after = with_page(first, one)[other]
    assert after > before
    grown(increments, first, second)
    assert with_page(second, one)[other] == after
    grown(increments, first, second)
    assert with_page(first, one)[other] == after, "nothing counts twice"


def test_what_a_version_was_trained_on_does_not_count_again() -> None:
    version, increments = loaded(), LiveIncrements()
    week = -7 * 86_400
    increments.record(GROUP, [event(name, week + n, "x") for n, name in enumerate(version.index.products[:3])])
    grown(increments, version)
    assert [knn.grown for knn in version.knns] == [None]


def test_a_shopper_the_bundle_knows_goes_on_where_they_were() -> None:
    version, increments = loaded(), LiveIncrements()
    group, kind, name = planted_interactions().shopper_keys[0].split("\x1f")
    assert (group, kind) == (GROUP, "user")
    past = version.shoppers.newest(f"{group}\x1f{kind}\x1f{name}", 8)
    met = {version.index.products[item] for item, _ in past}
    other = next(product for product in version.index.products if product not in met)
    increments.record(GROUP, [event(other, 0, user=name)])
    grown(increments, version)
    assert pairs(version) == {(one, other) for one in met} | {(other, one) for one in met}


def test_dismissals_and_events_without_a_key_are_not_heard() -> None:
    version, increments = loaded(), LiveIncrements()
    one, other = version.index.products[:2]
    refused = Event(event_id="d", ts=LATER, store=STORE, type="dismiss", product=other, visitor="x")
    increments.record(GROUP, [event(one, 0, "x"), refused, event(other, 1)])
    grown(increments, version)
    assert gained(version).sum() == 1
    assert not pairs(version)


def test_nothing_is_held_of_whoever_is_forgotten() -> None:
    version, increments = loaded(), LiveIncrements()
    one, other, third = version.index.products[:3]
    increments.record(GROUP, [event(one, 0, user="ann")])
    grown(increments, version)
    increments.record(GROUP, [event(other, 1, user="ann"), event(other, 1, user="bob")])
    increments.forget({f"{GROUP}\x1fuser\x1fann"})
    increments.record(GROUP, [event(third, 2, user="ann")])
    grown(increments, version)
    assert gained(version).sum() == 3
    assert not pairs(version)


def test_the_oldest_is_let_go_and_a_version_far_behind_takes_what_is_left() -> None:
    version, increments = loaded(), LiveIncrements(heard=2)
    one, other, third = version.index.products[:3]
    increments.record(GROUP, [event(name, n, "x") for n, name in enumerate((one, other, third))])
    grown(increments, version)
    assert pairs(version) == {(other, third), (third, other)}


def test_a_kept_list_about_a_product_is_old_when_it_was_met_much_more_often() -> None:
    version, increments = loaded(), LiveIncrements()
    one = version.index.products[0]
    assert version.steps(GROUP, (one,)) == ()
    increments.record(GROUP, [event(one, n, str(n)) for n in range(40)])
    grown(increments, version)
    assert version.steps(GROUP, (one, version.index.products[50], "unknown"))[0] > 0
    assert version.steps(GROUP, (one, version.index.products[50], "unknown"))[1:] == (0, 0)
