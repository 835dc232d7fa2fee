"""The session model: what is served is what was trained, and products nobody met have a vector too."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pytest
import torch

from shopkeeper.errors import ConfigError
from shopkeeper.recommendations.behaviour.facts import ItemFacts
from shopkeeper.recommendations.behaviour.interactions import SECOND, Interactions
from shopkeeper.recommendations.learn import LEARNABLE
from shopkeeper.recommendations.models.item_words import item_words, no_words, rows_of
from shopkeeper.recommendations.session.encoder_input import gap_buckets, price_bands
from shopkeeper.recommendations.session.fit import Group, Round, Share, Training, fit_session, read_chances, trained
from shopkeeper.recommendations.session.loss import AllItemsLoss, SampledItemsLoss
from shopkeeper.recommendations.session.model import Session, SessionParams
from shopkeeper.recommendations.session.net import Drop, SessionNet, Told
from shopkeeper.recommendations.session.start import start_vectors
from shopkeeper.recommendations.session.windows import Windows, step_of, steps, windows_of
from shopkeeper.testing.model_suite import asked_about
from shopkeeper.testing.planted import PRODUCTS, planted_interactions

SMALL = SessionParams(width=16, blocks=2, heads=2, dropout=0.1, rate=0.01, epochs=3, history=6)


def group_of(data: Interactions, params: SessionParams = SMALL) -> Group:
    bands = np.zeros(len(data.index), dtype=np.int64)
    windows = windows_of(data.sequences, 0, PRODUCTS, bands, params.history)
    return Group(windows, rows_of(item_words(data), 0, PRODUCTS), np.ones(PRODUCTS, dtype=np.bool_))


@pytest.mark.parametrize(
    "params",
    [
        SMALL,
        replace(SMALL, temperature=0.1, pairs_first=True, averaged=0.5),
        replace(SMALL, members=2, content=False),
    ],
)
def test_what_is_served_is_what_was_trained_to_four_digits(params: SessionParams) -> None:
    data = planted_interactions()
    seen = data.sequences
    group = group_of(data, params)
    words = group.words if params.content else no_words(PRODUCTS)
    nets = [
        trained(Group(group.windows, words, group.met), params, 3 + 7_919 * member, Share()).eval()
        for member in range(params.members)
    ]
    model = fit_session(data, params, 3, share=Share())
    for shopper in range(0, 30, 3):
        part = slice(int(seen.starts[shopper]), int(seen.starts[shopper + 1]))
        if seen.items[part.start] >= PRODUCTS:
            continue
        rows = np.arange(part.start, part.stop)[-params.history :]
        gaps = gap_buckets(np.array([0, len(rows)]), seen.times[rows] // SECOND)
        columns = (seen.items[rows], seen.kinds[rows], gaps, np.zeros(len(rows)))
        told = Told(*(torch.tensor(np.asarray(one, dtype=np.int64))[None] for one in columns))
        with torch.no_grad():
            logits = sum(net(told, net.vectors())[0, -1] @ net.vectors().T for net in nets) / len(nets)
        assert isinstance(logits, torch.Tensor)
        asked = replace(
            asked_about(seen.items[rows].tolist(), [1.0] * len(rows)),
            kinds=seen.kinds[rows], times=seen.times[rows] // SECOND,
        )  # fmt: skip
        served = model.score(asked)
        np.testing.assert_allclose(served.scores, torch.softmax(logits, 0).numpy()[served.items], rtol=1e-4)
        assert served.scores.sum() == pytest.approx(1.0)


def test_a_product_nobody_met_is_known_by_its_category_alone() -> None:
    data = planted_interactions()
    before = data.take(data.items != 0)
    asked = asked_about([1, 2, 3], [1.0] * 3)
    scored = fit_session(before, SMALL, 3, share=Share()).score(asked)
    assert 0 in scored.items.tolist()
    without = fit_session(before, replace(SMALL, content=False), 3, share=Share()).score(asked)
    assert 0 not in without.items.tolist()
    assert len(without) == PRODUCTS - 1


def test_brands_titles_and_prices_speak_for_a_product() -> None:
    data = planted_interactions()
    count = len(data.index)
    facts = ItemFacts(["Acme"] * count, ["red Mug"] * count, np.arange(1.0, count + 1), np.full(count, np.nan))
    told = replace(data, facts=facts)
    assert item_words(told).shape[1] == item_words(data).shape[1] + len({"by acme", "word red", "word mug"})
    model = fit_session(told, SMALL, 3, share=Share())
    assert sorted(set(model.weights.bands.tolist())) == list(range(1, 11))


def test_sampled_items_give_the_loss_of_all_items_as_they_grow_in_number() -> None:
    group = group_of(planted_interactions())
    torch.manual_seed(5)
    net = SessionNet(group.words, SMALL).eval()
    step = step_of(group.windows, np.arange(40))
    columns = (step.items, step.kinds, step.gaps, step.bands, step.targets)
    items, kinds, gaps, bands, targets = (torch.from_numpy(one) for one in columns)
    told, draw = Told(items, kinds, gaps, bands), np.random.default_rng(1)
    with torch.no_grad():
        full = float(AllItemsLoss(net, group.met, 0.0)(told, targets, draw))
        sampled = float(SampledItemsLoss(net, group.windows, PRODUCTS, 20_000)(told, targets, draw))
    assert sampled == pytest.approx(full, rel=0.01)


def test_a_long_sequence_gives_windows_that_foretell_each_entry_but_its_first_once() -> None:
    data = planted_interactions()
    seen = data.sequences
    windows = windows_of(seen, 0, PRODUCTS, np.zeros(len(data.index), dtype=np.int64), 4)
    own = seen.items < PRODUCTS
    lengths = np.bincount(seen.shoppers[own])
    assert windows.lengths.max() == 4
    assert windows.lengths.sum() == sum(length - 1 for length in lengths.tolist() if length > 1)
    step = step_of(windows, np.arange(3))
    first = windows.items[windows.starts[0] : windows.starts[1]].tolist()
    assert step.items[0, : len(first) - 1].tolist() == first[:-1]
    assert step.targets[0, : len(first) - 1].tolist() == first[1:]


def test_the_steps_of_a_round_hold_every_window_once() -> None:
    windows: Windows = group_of(planted_interactions()).windows
    parts = list(steps(windows, np.arange(len(windows)), 100, np.random.default_rng(1)))
    assert sorted(np.concatenate(parts).tolist()) == list(range(len(windows)))
    assert max(int(windows.lengths[part].sum()) for part in parts) < 100 + 2 * SMALL.history


def test_newer_sequences_are_read_more_often_by_their_place_among_all() -> None:
    ended = np.array([30, 10, 40, 20])
    assert read_chances(ended, 0.0).tolist() == [1.0] * 4
    newer = np.array([1 / 4, 3 / 4, 0 / 4, 2 / 4])
    np.testing.assert_allclose(read_chances(ended, 2.0), np.exp(-2.0 * newer))


def test_vectors_to_begin_with_lie_near_each_other_where_products_were_met_together() -> None:
    pairs = [(0, 1)] * 20 + [(2, 3)] * 20 + [(1, 2)]
    nothing = np.zeros(2 * len(pairs), dtype=np.int64)
    starts = np.arange(0, 2 * len(pairs) + 1, 2)
    windows = Windows(starts, np.array(pairs).ravel(), nothing, nothing, nothing, np.arange(len(pairs)))
    vectors = start_vectors(windows, 5, 2, 1)
    near = vectors @ vectors.T
    assert near[0, 1] > 0.9
    assert near[2, 3] > 0.9
    assert abs(near[0, 3]) < 0.2
    np.testing.assert_allclose(np.diag(near), [1.0, 1.0, 1.0, 1.0, 0.0], atol=1e-5)


def test_what_is_left_out_while_training_leaves_the_expected_sum() -> None:
    torch.manual_seed(1)
    drop, ones = Drop(0.25), torch.ones(1_003, 101)
    found = drop(ones)
    assert sorted(set(found.flatten().tolist())) == pytest.approx([0.0, 1 / 0.75])
    assert float(found.mean()) == pytest.approx(1.0, abs=5 * (0.25 / 0.75 / ones.numel()) ** 0.5)
    assert torch.equal(drop.eval()(ones), ones)


def test_training_stops_when_the_newest_sequences_gain_no_more_and_says_after_how_many_rounds() -> None:
    group = group_of(planted_interactions())
    told: list[Round] = []
    params = replace(SMALL, epochs=30, patience=2)
    training = Training(group, np.arange(len(group.windows)), params, 3, Share(told=told.append))
    best = training.run(30, np.arange(20))
    found = [one.held_out or 0.0 for one in told]
    assert best == 1 + int(np.argmax(found))
    assert len(told) == min(best + 2, 30)


def test_pauses_and_prices_fall_into_buckets() -> None:
    assert gap_buckets(np.array([0, 3, 4]), np.array([0, 5, 100, 7])).tolist() == [0, 1, 3, 0]
    prices = np.concatenate([[np.nan], np.arange(1.0, 21.0)])
    assert price_bands(prices, [(0, 21)]).tolist() == [0, *np.repeat(np.arange(1, 11), 2).tolist()]


def test_without_pytorch_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)
    for name in ("fit", "net", "loss"):
        monkeypatch.delitem(sys.modules, f"shopkeeper.recommendations.session.{name}", raising=False)
    for model in (Session.name, "blend"):
        with pytest.raises(ConfigError, match="PyTorch") as caught:
            LEARNABLE[model].fit(planted_interactions(), {}, 1)
        assert "shopkeeper[deep]" in str(caught.value)
    light = LEARNABLE["blend"].fit(planted_interactions(), {"encoder": False, "ranker": False}, 1)
    assert set(light.parameters) == {"item-knn", "session-knn", "encoder", "ranker", "held_out", "popular"}
    assert LEARNABLE["blend"].fit(planted_interactions(), light.parameters, 1).parameters == light.parameters
