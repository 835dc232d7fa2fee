"""The definitions are whole, and the guide lists exactly them."""

from __future__ import annotations

from pathlib import Path

import pytest

from shopkeeper.features.definitions import FEATURES, check_definitions, features_of
from shopkeeper.features.kinds import ENTITIES, Distinct, Ratio, Total
from shopkeeper.features.partials import partials_of, windowed

GUIDE = Path(__file__).parents[2] / "docs/guides/features.md"


def test_the_guide_lists_every_feature_with_its_unit_and_formula_and_no_other() -> None:
    rows = [line for line in GUIDE.read_text("utf-8").splitlines() if line.startswith("| `")]
    assert rows == [f"| `{one.name}` | {one.unit} | {one.formula} |" for name in ENTITIES for one in features_of(name)]


def test_names_say_entity_event_measure_and_window() -> None:
    assert Total("user", ("purchase",), 30).name == "user_purchases_30d"
    assert Total("product", ("purchase",), 7, "revenue").name == "product_purchase_revenue_7d"
    assert Distinct("user", ("purchase",), 90, "product").name == "user_distinct_products_purchase_90d"
    ratio = Ratio(Total("product", ("click",), 30), Total("product", ("impression",), 30), prior=0.03, strength=100)
    assert ratio.name == "product_clicks_per_impression_30d"
    assert ratio.formula == "(product_clicks_30d + 0.03 x 100) / (product_impressions_30d + 100)"


def test_two_features_of_one_name_and_a_window_beyond_the_horizon_are_refused() -> None:
    with pytest.raises(ValueError, match="called 'user_views_7d'"):
        check_definitions([Total("user", ("view",), 7), Total("user", ("view",), 7)])
    with pytest.raises(ValueError, match="looks back 91 days"):
        check_definitions([Total("user", ("view",), 91)])


def test_what_a_day_table_keeps_is_what_some_feature_needs_and_once() -> None:
    for entity in ENTITIES:
        partials = partials_of(entity)
        assert len({partial.name for partial in partials}) == len(partials)
        needed = {part.partial for feature in features_of(entity) for part in windowed(feature)}
        assert set(partials) == needed


def test_every_entity_has_features() -> None:
    assert {feature.entity for feature in FEATURES} == set(ENTITIES)
