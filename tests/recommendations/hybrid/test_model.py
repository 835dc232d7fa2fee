"""V2: what no row may know, whose demographics count, and what a ranker is made of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from shopkeeper.commerce.traits import UNKNOWN_TRAITS
from shopkeeper.recommendations.behaviour.facts import ItemFacts, TraitTable
from shopkeeper.recommendations.behaviour.history import Asked, HistoryBatch
from shopkeeper.recommendations.behaviour.interactions import KINDS, SECOND, Interactions
from shopkeeper.recommendations.evaluation.importance import GROUPS as FEATURES
from shopkeeper.recommendations.evaluation.importance import SIGNALS, importances
from shopkeeper.recommendations.evaluation.questions import time_exam
from shopkeeper.recommendations.hybrid.candidates import SHARES
from shopkeeper.recommendations.hybrid.known import Known, two_stages
from shopkeeper.recommendations.hybrid.model import SHARED, Hybrid
from shopkeeper.recommendations.hybrid.params import HybridParams
from shopkeeper.recommendations.hybrid.rank_features import readable
from shopkeeper.recommendations.hybrid.rank_groups import ALIKE
from shopkeeper.recommendations.hybrid.rank_lists import RankLists, Rows, rank_lists
from shopkeeper.recommendations.hybrid.rank_questions import ListPlan, cut_dates
from shopkeeper.recommendations.hybrid.ranker import worths
from shopkeeper.recommendations.hybrid.space import HYBRID_DEFAULTS, hybrid_params
from shopkeeper.recommendations.models.als import AlsParams
from shopkeeper.recommendations.models.content import Content
from shopkeeper.recommendations.models.mixture import LENGTHS, Mixture
from shopkeeper.recommendations.models.trends import DAY, TREND_NAMES, Trends
from shopkeeper.recommendations.parameters import flat
from shopkeeper.recommendations.session.blend import Blend
from shopkeeper.testing.planted import planted_interactions

SMALL = HybridParams(trees=20, leaves=8, fewest=5, axes=8, cuts=2, choose=False, als=AlsParams(factors=8, iterations=3))
PLAN = ListPlan(cuts=3, days=7.0, step=7.0, most=1_000, visits=True, repeats=True)


def told(data: Interactions) -> Interactions:
    """Return the planted shop with records: the first half of the shoppers is young, products have brand and price."""
    size, shoppers = len(data.index), len(data.shopper_keys)
    facts = ItemFacts(
        [f"Brand {n % 3}" for n in range(size)],
        [f"thing of kind {n // 6}" for n in range(size)],
        np.arange(1.0, size + 1),
        np.linspace(0.0, 0.9, size),
    )
    said = {n: ("18-24" if n < shoppers // 2 else "65+", "", "", "") for n in range(shoppers)}
    return replace(data, facts=facts, traits=TraitTable.build(shoppers, said))


def lists_of(data: Interactions, params: HybridParams = SMALL) -> tuple[list[tuple[Asked, int]], list[np.ndarray]]:
    """Return what was asked in the lists of a shop with the end of what was learnt before, and their rows."""
    asked_at: list[tuple[Asked, int]] = []
    tables: list[np.ndarray] = []
    original = Hybrid.rows_at(Content.fit(data, 8, 1), params, 1)

    def rows_at(past: Interactions, cut: int) -> Rows:
        rows, end = original(past, cut), int(past.times.max())

        def kept(asked: Asked) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
            found, table, alone = rows(asked)
            asked_at.append((asked, end))
            tables.append(table)
            return found, table, alone

        return kept

    rank_lists(data, rows_at, PLAN, seed=1)
    return asked_at, tables


def test_what_a_list_is_made_of_lies_before_the_moment_it_is_asked_at() -> None:
    asked_at, _ = lists_of(told(planted_interactions()))
    assert len(asked_at) > 100
    for asked, end in asked_at:
        assert (asked.times[:-1] <= asked.times[1:]).all()
        assert not len(asked) or asked.times[-1] <= asked.now
        assert not len(asked.purchases) or asked.purchases.last.max() <= asked.now
        assert end < (asked.now + 1) * SECOND


def test_no_row_sees_its_own_future() -> None:
    data = told(planted_interactions())
    cut = cut_dates(data, PLAN)[0]
    _, before = lists_of(data)
    late = data.times >= cut + 7 * DAY  # what happens after the first lists were asked
    other = replace(
        data,
        items=np.where(late, data.items // 60 * 60 + (data.items + 7) % 60, data.items).astype(np.int32),
        kinds=np.where(late, 0, data.kinds).astype(np.int8),
    )
    _, after = lists_of(other)
    first = [table for table, (asked, end) in zip(before, lists_of(data)[0], strict=True) if end < cut and asked]
    assert len(first) > 30
    for one, same in zip(first, after, strict=False):
        np.testing.assert_array_equal(one, same)


def test_counts_of_an_item_end_strictly_before_their_moment() -> None:
    data = planted_interactions()
    moment = int(data.times[len(data) // 2])
    early = Trends.fit(data, moment, 10, 3.0)
    np.testing.assert_array_equal(early.table, Trends.fit(data.take(data.times < moment), moment, 10, 3.0).table)
    last = Trends.fit(data, moment, 10, 0.01).hot[:, 0].tolist()
    assert last == [data.items[(data.times < moment) & (data.stores == store)][-1] for store in range(3)]
    day = TREND_NAMES.index("product_events_1d")
    here = (data.times < moment) & (data.times >= moment - DAY)
    counted = np.bincount(data.items[here], minlength=len(data.index))
    wanted = np.log1p(counted) - np.log1p(here.sum() / len(data.index))
    np.testing.assert_allclose(early.table[:, day], wanted, rtol=1e-5, atol=1e-6)


def test_a_shopper_of_whom_nothing_may_be_known_is_ranked_as_a_stranger() -> None:
    data = told(planted_interactions())
    model = Hybrid.fit(data, SMALL, 7)
    none = np.empty(0, dtype=np.int64)
    nobody = Asked("north-1", int(data.times[-1] // SECOND), none, np.empty(0), none.astype(np.int8), none, none > 0)
    young = replace(nobody, traits=("18-24", "", "", ""))
    unheard = replace(nobody, traits=("of an age nobody has", "", "", ""))
    np.testing.assert_array_equal(model.score(nobody).scores, model.score(unheard).scores)
    assert nobody.traits == UNKNOWN_TRAITS
    assert set(model.score(young).items) == set(model.score(nobody).items)


def test_without_content_and_demographics_their_features_are_gone() -> None:
    data = told(planted_interactions())
    whole = Hybrid.fit(data, SMALL, 7)
    plain = Hybrid.fit(data, replace(SMALL, content=False, demographics=False), 7)
    assert set(whole.groups) == {"behaviour", "popularity", "repurchase", "content", "demographics"}
    assert set(plain.groups) == {"behaviour", "popularity", "repurchase"}
    assert not [name for name in plain.arrays() if name.startswith(("content.", "lifts."))]


def test_a_model_that_is_told_nothing_by_a_group_still_answers() -> None:
    data = told(planted_interactions())
    model = Hybrid.fit(data, SMALL, 7)
    questions = time_exam(data, int(data.times[len(data) * 4 // 5]), seed=1, most=20).questions
    batch: HistoryBatch = questions.history
    for group in model.groups:
        assert np.isfinite(model.without(group).score_batch(batch)).all()
    assert (model.without("behaviour").score_batch(batch) != model.score_batch(batch)).any()
    blend = Blend((model,), Mixture("shares", np.ones((len(LENGTHS), 1))), model.popular, 0.2)
    assert (blend.without("behaviour").score_batch(batch) != blend.score_batch(batch)).any()
    assert set(importances(blend, questions)) == {*SIGNALS, *FEATURES} == set(importances(model, questions))


@pytest.mark.parametrize(("stores", "rankers"), [("shared", [SHARED]), ("each", [SHARED, 0, 1, 2])])
def test_stores_share_a_ranker_or_have_one_each(
    stores: str, rankers: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shopkeeper.recommendations.hybrid.model.ENOUGH", 10)
    model = Hybrid.fit(told(planted_interactions()), hybrid_params({**flat(SMALL.document()), "stores": stores}), 7)
    assert model.arrays()["hybrid.rankers"].tolist() == rankers


def test_a_ranker_may_be_told_the_store() -> None:
    model = Hybrid.fit(told(planted_interactions()), replace(SMALL, stores="store-feature"), 7)
    assert {"store.code", "store.share"} <= set(model.columns)


def test_every_parameter_has_a_name_and_comes_back() -> None:
    changed = replace(SMALL, stores="each", content=False, choose=True, margin=0.5)
    assert hybrid_params(flat(changed.document())) == changed
    assert hybrid_params(HYBRID_DEFAULTS) == HybridParams()


def test_what_is_worth_more_counts_more_and_margin_raises_it() -> None:
    assert worths(HybridParams(click=1.0, cart=3.0, purchase=6.0, margin=0.0)) == [0.0, 1.0, 3.0, *[6.0] * 5]
    assert worths(HybridParams(purchase=4.0, margin=1.0))[3:] == [4.0 * (1 + band / 4) for band in range(5)]


def test_lists_know_what_was_bought_by_its_margin() -> None:
    data = told(planted_interactions())
    lists: RankLists | None = rank_lists(data, Hybrid.rows_at(Content.fit(data, 8, 1), SMALL, 1), PLAN, seed=1)
    assert lists is not None
    assert set(lists.grades.tolist()) >= {0, 1, 2, 3, 7}
    assert lists.grades.max() == 3 + 4
    assert lists.lengths.sum() == len(lists.rows) == len(lists.grades)
    assert np.add.reduceat(lists.grades > 0, np.cumsum(lists.lengths) - lists.lengths).min() > 0


def test_a_product_met_before_is_left_out_where_repeats_do_not_count() -> None:
    data = told(planted_interactions())
    model = Hybrid.fit(data, replace(SMALL, repeats=False), 7)
    seen = data.sequences
    part = slice(int(seen.starts[0]), int(seen.starts[1]))
    kinds = np.full(part.stop - part.start, KINDS.index("view"), dtype=np.int8)
    history = HistoryBatch(
        np.array([0, len(kinds)]), seen.items[part], kinds, seen.times[part] // SECOND, seen.stores[:1],
        np.array([data.times[-1] // SECOND]),
    )  # fmt: skip
    found = model.score(history.asked(0, "north-1", np.ones(len(kinds))))
    assert not set(found.items.tolist()) & set(seen.items[part].tolist())


def test_each_source_names_others_for_what_was_met_where_repeats_do_not_count() -> None:
    data = told(planted_interactions())
    params = replace(SMALL, repeats=False, pool=20)
    known = Known.fit(data, Content.fit(data, 8, 1), params, int(data.times[-1]) + 1, 1)
    leaders = known.knn.popular.leaders("north-1")
    assert leaders is not None
    ranked = leaders.items.astype(np.int64)
    wanted = max(int(SHARES["popular"] * params.pool), 1)
    met, next_best = ranked[:12], ranked[12 : 12 + wanted]
    find, _ = two_stages(known, params)
    history = HistoryBatch(
        np.array([0, 12]), met.astype(np.int32), np.zeros(12, dtype=np.int8), np.full(12, data.times[-1] // SECOND),
        np.zeros(1, dtype=np.int32), np.array([data.times[-1] // SECOND]),
    )  # fmt: skip
    asked = history.asked(0, "north-1", np.ones(12))
    found = find.find(asked.newest(3), asked.items)
    assert not set(found.items.tolist()) & set(met.tolist())
    assert set(next_best.tolist()) <= set(found.items.tolist())
    assert len(find.find(asked, asked.items).items) >= wanted + int(SHARES["als"] * params.pool)


def test_what_was_taken_before_the_newest_cut_is_known_apart() -> None:
    data = told(planted_interactions())
    plan = replace(PLAN, days=14.0)  # the days after the older cuts reach beyond the newest
    lists = rank_lists(data, Hybrid.rows_at(Content.fit(data, 8, 1), SMALL, 1), plan, seed=1)
    assert lists is not None
    older = np.repeat(lists.turns < lists.turns.max(), lists.lengths)
    assert (lists.settled <= lists.grades).all()
    assert (lists.settled[older] > 0).any()
    assert (lists.settled[older] < lists.grades[older]).any()
    assert not lists.settled[~older].any()


def test_groups_that_do_not_pay_are_left_out_of_the_bundle() -> None:
    data = told(planted_interactions())
    model = Hybrid.fit(data, replace(SMALL, choose=True), 7)
    back = Hybrid.from_arrays(data.index, model.arrays())
    assert [one.group for one in model.verdicts] == ["content", "alike", "demographics"]
    assert back.verdicts == model.verdicts
    stays = {one.group: one.stays for one in model.verdicts}
    for group, part in (("content", "content."), ("demographics", "lifts.")):
        assert stays[group] == (group in model.groups)
        assert stays[group] == any(name.startswith(part) for name in model.arrays())
    assert model.known.alike == back.known.alike == stays["alike"]
    assert not all(stays.values())


def test_what_is_only_alike_comes_into_question_unless_it_goes() -> None:
    data = told(planted_interactions())
    loud = Hybrid.fit(data, replace(SMALL, cuts=0, pool=20), 7)
    quiet = Hybrid(loud.known.without({ALIKE}), {}, loud.columns, loud.params)
    batch: HistoryBatch = time_exam(data, int(data.times[len(data) * 4 // 5]), seed=1, most=20).questions.history
    extra = 0
    for row in range(len(batch)):
        asked = batch.asked(row, "north-1", np.ones(int(batch.starts[row + 1] - batch.starts[row])))
        named, rest = (set(model.score(asked).items.tolist()) for model in (loud, quiet))
        assert rest <= named
        extra += len(named - rest)
    assert extra > 0


def test_columns_without_a_group_are_those_of_a_model_that_never_read_it() -> None:
    data = told(planted_interactions())
    unranked = replace(SMALL, cuts=0)
    whole = Hybrid.fit(data, unranked, 7)
    others = (("content", replace(unranked, content=False)), ("demographics", replace(unranked, demographics=False)))
    for group, params in others:
        wanted = Hybrid.fit(data, params, 7).columns
        assert tuple(whole.columns[place] for place in readable(whole.columns, (group,))) == wanted
