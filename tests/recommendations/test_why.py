"""A reason names what carries a score: a product that was met, buying the very product again, or what sells."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from shopkeeper.recommendations.behaviour.many_asked import ManyAsked
from shopkeeper.recommendations.loaded import load_model
from shopkeeper.recommendations.model import AGAIN, MET, SELLS, Explained, Targets
from shopkeeper.recommendations.models.item_knn import ItemKnn

from .conftest import Shop


class Carried(ItemKnn):
    """An item-kNN that says its products are carried by each cause by turns."""

    def explained_many(self, targets: Targets, many: ManyAsked) -> Explained:
        causes = np.resize(np.array([MET, AGAIN, SELLS], dtype=np.int8), len(targets))
        return Explained(self.explain_many(targets, many), causes)


def codes(shop: Shop) -> list[str]:
    """Return the reason code of each product that goes with a mug."""
    request = shop.request(live=[("mug", "view"), ("fork", "view")], k=4)
    return [item.reasons[0].code for item in shop.system.answer(request).items]


def test_what_the_model_says_carries_a_score_is_the_reason(shop: Shop) -> None:
    assert codes(shop) == ["because_viewed"] * 4
    loaded = load_model(shop.bundle())
    knn = loaded.model
    assert isinstance(knn, ItemKnn)
    shop.system.serve(replace(loaded, model=Carried(knn.similar, knn.popular, knn.params)))
    assert codes(shop) == ["because_viewed", "again", "popular", "because_viewed"]
