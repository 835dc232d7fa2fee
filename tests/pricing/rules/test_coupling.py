"""Which prices a policy puts together, by parents, attributes, lists, sizes and brands, in which stores and lists."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from tests.pricing.shelves import a_shelf

from shopkeeper.errors import InputError
from shopkeeper.pricing.policy.price_policy import PricePolicy
from shopkeeper.pricing.policy.together import Band, OnePrice, Packs, Together
from shopkeeper.pricing.policy.where import Where
from shopkeeper.pricing.rules.coupling import Coupling, coupling_of
from shopkeeper.pricing.rules.sizes import Size, size_of
from shopkeeper.pricing.rules.traits import Traits, no_traits
from shopkeeper.pricing.shelf import Shelf


def _coupled(shelf: Shelf, traits: Traits | None = None, **together: Any) -> Coupling | None:  # noqa: ANN401 - groups
    return coupling_of(PricePolicy(version=1, together=Together(**together)), shelf, traits or no_traits(shelf))


def _traits(shelf: Shelf, attributes: list[dict[str, object]], brand: list[str] | None = None) -> Traits:
    brands = tuple(brand or [""] * len(attributes))
    return Traits(brand=brands, attributes=tuple(attributes), legal_entity=("",) * len(shelf.stores))


def _two_by_two(**said: Any) -> Shelf:  # noqa: ANN401 - fields of the shelf
    """Return two products in two stores: rows p0 uk, p0 de, p1 uk, p1 de."""
    where = {"product": [0, 0, 1, 1], "store": [0, 1, 0, 1], "stores": ("uk", "de"), "currency": ("EUR", "EUR")}
    return a_shelf([10.0] * 4, **{**where, "products": ("p0", "p1"), **said})


def test_a_policy_that_puts_nothing_together_couples_nothing() -> None:
    assert _coupled(a_shelf([10.0, 12.0])) is None


def test_variants_of_a_parent_and_the_parent_itself_share_a_price_in_each_store() -> None:
    shelf = a_shelf([10.0] * 4, parent=[-1, 0, 0, -1])
    found = _coupled(shelf, one_price=(OnePrice(name="variants", of="parent"),))
    assert found is not None
    assert found.node.tolist() == [0, 0, 0, 1]
    assert found.names[found.shared[0]] == "one_price (variants)"
    assert found.coupled().tolist() == [True, False]


@pytest.mark.parametrize(
    ("entity", "stores", "currency", "nodes"),
    [
        (("", ""), "all", ("EUR", "EUR"), [0, 0, 1, 1]),
        (("", ""), "all", ("EUR", "GBP"), [0, 1, 2, 3]),  # prices of two currencies cannot be one
        (("a", "a"), "legal_entity", ("EUR", "EUR"), [0, 0, 1, 1]),
        (("a", "b"), "legal_entity", ("EUR", "EUR"), [0, 1, 2, 3]),
        (("", ""), "legal_entity", ("EUR", "EUR"), [0, 1, 2, 3]),  # unknown: each store is an entity of its own
    ],
)
def test_one_price_goes_over_stores_of_an_entity_and_a_currency(
    entity: tuple[str, str], stores: Any, currency: tuple[str, str], nodes: list[int]  # noqa: ANN401 - a literal
) -> None:  # fmt: skip
    shelf = _two_by_two(currency=currency)
    traits = Traits(brand=("", ""), attributes=({}, {}), legal_entity=entity)
    found = _coupled(shelf, traits, one_price=(OnePrice(name="national", of="product", stores=stores),))
    assert (list(range(4)) if found is None else found.node.tolist()) == nodes


def test_wholesale_and_retail_share_a_price_only_where_it_is_said() -> None:
    shelf = a_shelf([10.0, 8.0], product=[0, 0], price_list=[0, 1], products=("p0",), price_lists=("retail", "trade"))
    apart = OnePrice(name="national", of="product", stores="all")
    shared = OnePrice(name="national", of="product", stores="all", price_lists="all")
    assert _coupled(shelf, one_price=(apart,)) is None
    found = _coupled(shelf, one_price=(shared,))
    assert found is not None
    assert found.node.tolist() == [0, 0]


def test_groups_of_one_price_that_overlap_become_one() -> None:
    shelf = a_shelf([10.0] * 3)
    groups = (OnePrice(name="a", products=("p0", "p1")), OnePrice(name="b", products=("p1", "p2")))
    found = _coupled(shelf, one_price=groups)
    assert found is not None
    assert found.node.tolist() == [0, 0, 0]


def test_packs_are_bound_to_the_next_size_per_unit_and_as_a_whole() -> None:
    shelf = a_shelf([4.0, 7.0, 13.0])
    traits = _traits(shelf, [{"line": "beans", "size": size} for size in ("500 g", "1 kg", "2 x 1000 g")])
    found = _coupled(shelf, traits, packs=(Packs(name="beans", of="line", size="size", saves=0.1),))
    assert found is not None
    bounds = set(zip(found.low.tolist(), found.high.tolist(), found.factor.round(9).tolist(), strict=True))
    assert bounds == {(1, 0, 2 * 0.9), (2, 1, 2 * 0.9), (0, 1, 1.0), (1, 2, 1.0)}
    assert found.blocks().tolist() == [0, 0, 0]


def test_a_size_that_cannot_be_read_or_compared_is_named_and_left_alone() -> None:
    shelf = a_shelf([4.0, 7.0, 13.0, 5.0])
    traits = _traits(shelf, [{"line": "beans", "size": size} for size in ("500 g", "1 kg", "a tin", "1 l")])
    found = _coupled(shelf, traits, packs=(Packs(name="beans", of="line", size="size"),))
    assert found is not None
    assert [(problem.field, problem.row) for problem in found.left_out] == [("size", 2), ("size", 3)]
    assert "a tin" in found.left_out[0].reason
    assert "500 g" in found.left_out[0].remedy
    assert not found.coupled()[2:].any()


def test_an_own_brand_is_bound_to_the_leader_of_its_line_per_unit_of_the_nearest_size() -> None:
    shelf = a_shelf([4.0, 5.0, 9.0, 4.0])
    said = (("x", "450 g"), ("x", "500 g"), ("x", "1 kg"), ("y", "1 kg"))
    traits = _traits(shelf, [{"line": line, "size": size} for line, size in said], ["Own", "Top", "Top", "Own"])
    band = Band(name="own", of="line", brands=("Own",), beside=("Top",), lowest=0.6, highest=0.9, size="size")
    found = _coupled(shelf, traits, bands=(band,))
    assert found is not None
    bounds = dict(zip(zip(found.low.tolist(), found.high.tolist(), strict=True), found.factor.tolist(), strict=True))
    assert bounds == {(0, 1): pytest.approx(0.9 * 0.45 / 0.5), (1, 0): pytest.approx(1 / (0.6 * 0.45 / 0.5))}


def test_where_says_which_prices_a_group_is_about() -> None:
    shelf = _two_by_two()
    group = OnePrice(name="a", products=("p0", "p1"), where=Where(stores=("de",)))
    found = _coupled(shelf, one_price=(group,))
    assert found is not None
    assert found.node.tolist() == [0, 1, 2, 1]


def test_traits_that_do_not_fit_name_the_field() -> None:
    with pytest.raises(InputError, match="brand has 1 entries for 2"):
        _coupled(a_shelf([1.0, 2.0]), Traits(brand=("",), attributes=({}, {}), legal_entity=("",)))


@pytest.mark.parametrize(
    ("said", "size"),
    [
        ("500 g", Size(0.5, "mass")), ("1,5 L", Size(1.5, "volume")), ("6 x 330 ml", Size(6 * 0.33, "volume")),
        ("12 pcs", Size(12.0, "pieces")), (3, Size(3.0, "pieces")), ("0 g", None), ("large", None), ("5 bar", None),
        (None, None), (True, None),
    ],
)  # fmt: skip
def test_sizes_are_read_with_their_units(said: object, size: Size | None) -> None:
    found = size_of(said)
    assert (found and found.kind) == (size and size.kind)
    assert (found.amount if found else 0) == pytest.approx(size.amount if size else 0)


def test_nodes_of_several_pairs_name_the_rule_that_binds_them() -> None:
    found = _coupled(_two_by_two(), one_price=(OnePrice(name="national", of="product", stores="all"),))
    assert found is not None
    assert np.array_equal(found.shared, [0, 0])
