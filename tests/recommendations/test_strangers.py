"""What a stranger's visit changes of an answer, and what it leaves as it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.recommendations.conftest import NOW, PRODUCTS, Shop

from shopkeeper.recommendations.loaded import load_model
from shopkeeper.recommendations.models.visit_lifts import VisitLifts

PHONE, LAPTOP = {"device": "iPhone"}, {"device": "laptop"}


@pytest.fixture
def lifting(tmp_path: Path) -> Shop:
    """Return the shop with a model by which spoons and toys are wanted on phones, and new cups, that it never met."""
    shop = Shop(tmp_path)
    table = np.ones((4, len(PRODUCTS)), dtype=np.float16)
    table[2, [PRODUCTS.index("spoon"), PRODUCTS.index("toy")]] = 50.0
    shop.system.serve(replace(load_model(shop.bundle()), lifts=VisitLifts({"device": table})))
    return shop


def test_a_stranger_on_a_phone_gets_first_what_is_wanted_on_phones(lifting: Shop) -> None:
    assert lifting.ask(context=PHONE)[0] == "spoon"
    assert lifting.ask(context=LAPTOP) == lifting.ask() != lifting.ask(context=PHONE)
    for product in ("mug", "toy", "new"):
        lifting.trending.record("uk", product, (), "view", NOW)
    lifting.trending.record("uk", "mug", (), "purchase", NOW)
    assert lifting.ask()[0] == "mug"
    assert lifting.ask(context=PHONE)[:2] == ["toy", "mug"]


def test_who_did_something_is_answered_by_that(lifting: Shop) -> None:
    seen = {"user": "zoe", "live": [("fork", "view")]}
    assert lifting.ask(**seen, context=PHONE) == lifting.ask(**seen)
    assert lifting.ask(user="ann", context=PHONE) == lifting.ask(user="ann")
    assert lifting.ask(context={**PHONE, "landing": "fork"}) == lifting.ask(context={"landing": "fork"})


def test_answers_are_kept_by_the_class_of_a_device_alone(lifting: Shop) -> None:
    def key(**context: str) -> object:
        return lifting.system.cache_key(lifting.request(context=context))

    assert key(device="iPhone") == key(device="phone", referrer="https://a.example/1") != key(device="laptop")
    assert key() == key(device="fridge")
    lifting.system.load(None)
    assert key(device="iPhone") == key(device="laptop")
    assert lifting.system.fallback(lifting.request(context=PHONE)).items
