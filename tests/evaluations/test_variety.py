"""The figures of variety on a small shop of our own: each setting moves the figure it is for."""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
import pytest
from evaluations.variety import beside_own, run, unlike

from shopkeeper.commerce.product import Product
from shopkeeper.recommendations.found import Found
from shopkeeper.recommendations.variety.rerank import Taste
from shopkeeper.serving.catalogue import Card


def found(*categories: str) -> list[Found]:
    """Return a list of products, one of each category."""
    return [(0, 1.0, Card(Product(product="p", categories=(one,)), None, None)) for one in categories]


def test_a_list_is_unlike_and_beside_the_own_mix_by_its_categories() -> None:
    assert unlike(found("a", "a", "b")) == pytest.approx(2 / 3)  # two of three pairs
    assert unlike(found("a")) == 0.0
    taste = Taste({"a": 0.5, "b": 0.5})
    assert beside_own(found("a", "b"), taste) == pytest.approx(0.0)
    assert beside_own(found("a", "a"), taste) == pytest.approx(
        0.5 * np.log(0.5 / (0.99 + 0.005)) + 0.5 * np.log(0.5 / 0.005)
    )


def test_each_setting_moves_the_figure_it_is_for(tmp_path: Path) -> None:
    """Eighty shoppers of whom each likes one of four categories best, and low numbers best in each."""
    draw = np.random.default_rng(5)
    rows = ["user,product,type,store,ts"]
    for shopper in range(80):
        kinds = np.where(draw.random(16) < 0.7, shopper % 4, draw.integers(0, 4, 16))
        numbers = np.minimum(draw.geometric(0.12, 16) - 1, 29)
        days = np.sort(draw.integers(0, 280, 16))
        rows += [
            f"u{shopper},p{kind}-{number},view,s,{1_700_000_000 + int(day) * 86_400}"
            for kind, number, day in zip(kinds.tolist(), numbers.tolist(), days, strict=True)
        ]
    (tmp_path / "events.csv").write_text("\n".join(rows))
    products = [f"p{kind}-{number},kind {kind}" for kind in range(4) for number in range(30)]
    (tmp_path / "products.csv").write_text("\n".join(["product,categories", *products]))
    told = run(argparse.Namespace(data=tmp_path, most=30, seed=1))
    settings = told["settings"]
    plain = settings["plain"]
    assert 0 < told["shoppers"] <= 30
    assert plain["ndcg@10"] > 0.05
    assert plain["interval"] == [0.0, 0.0]
    assert settings["mmr 0.5"]["diversity"] > plain["diversity"] < settings["dpp 0.3"]["diversity"]
    assert settings["own_mix 0.5"]["divergence"] < plain["divergence"]
    assert settings["novelty 0.5"]["novelty"] > plain["novelty"]
    assert settings["novelty 0.5"]["coverage"] >= plain["coverage"]
