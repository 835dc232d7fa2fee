"""Choices within categories are learnt from steps, records and people, and are read alike in training and serving."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from shopkeeper.recommendations.behaviour.facts import ItemFacts, TraitTable
from shopkeeper.recommendations.behaviour.history import Asked
from shopkeeper.recommendations.behaviour.interactions import KINDS, PURCHASE, SECOND, Interactions
from shopkeeper.recommendations.behaviour.items import single_group
from shopkeeper.recommendations.behaviour.shoppers import shopper_key
from shopkeeper.recommendations.hybrid import choice_fit
from shopkeeper.recommendations.hybrid.choice import DOUBT, FADE, Choices, faded
from shopkeeper.recommendations.hybrid.choice_facts import choice_facts
from shopkeeper.recommendations.hybrid.choice_fit import fit_choices
from shopkeeper.recommendations.hybrid.choice_steps import Steps
from shopkeeper.recommendations.hybrid.model import Hybrid
from shopkeeper.recommendations.hybrid.params import HybridParams
from shopkeeper.recommendations.hybrid.rank_features import readable
from shopkeeper.recommendations.models.als import AlsParams
from shopkeeper.recommendations.models.content import Content
from shopkeeper.recommendations.models.item_words import item_words

SIZE, CATEGORIES, BRANDS = 60, 3, ("acme", "bolt")
VIEW = KINDS.index("view")
OF_BRAND = np.arange(SIZE) // CATEGORIES % 2
TRAITS = ("", "", "north", ""), ("", "", "south", "")


def faithful(shoppers: int = 100, *, for_a_visit: bool = False) -> Interactions:
    """Return visits of three pages in a category of chance: northerners keep to one brand, southerners to the other.

    Args:
        for_a_visit: Everybody keeps for a visit to a brand of chance instead.
    """
    draw = np.random.default_rng(4)
    rows = []
    for shopper in range(shoppers):
        for visit in range(2):
            begun, category = visit * 9 * 86_400 + int(draw.integers(0, 86_400)), int(draw.integers(0, CATEGORIES))
            own = int(draw.integers(0, 2)) if for_a_visit else shopper % 2
            for page in range(3):
                brand = own if draw.random() < 0.9 else 1 - own
                fitting = np.flatnonzero((np.arange(SIZE) % CATEGORIES == category) & (brand == OF_BRAND))
                rows.append((begun + 60 * page, shopper, int(draw.choice(fitting)), VIEW))
    times, people, items, kinds = np.array(sorted(rows), dtype=np.int64).T
    facts = ItemFacts(
        [BRANDS[brand] for brand in OF_BRAND], [f"{BRANDS[brand]} thing" for brand in OF_BRAND],
        (10.0 + OF_BRAND).astype(np.float64), np.full(SIZE, np.nan),
    )  # fmt: skip
    return Interactions(
        people.astype(np.int32), items.astype(np.int32), np.zeros(len(rows), dtype=np.int32), kinds.astype(np.int8),
        (1_767_225_600 + times) * SECOND, np.zeros(len(rows), dtype=np.int8),
        single_group([f"P{n:02}" for n in range(SIZE)], "uk"),
        [(f"Category {n % CATEGORIES}",) for n in range(SIZE)],
        [shopper_key("uk", "user", str(n)) for n in range(shoppers)], ("uk",), facts=facts,
        traits=TraitTable.build(shoppers, {n: TRAITS[n % 2] for n in range(shoppers)}),
    )  # fmt: skip


DATA = faithful()
CONTENT = Content.fit(DATA, 4, 1)


@pytest.fixture(scope="module")
def choices() -> Choices:
    return fit_choices(DATA, CONTENT, 1, people=True)


def asked(past: tuple[int, ...] = (), page: tuple[int, ...] = (), traits: tuple[str, ...] = ("",) * 4) -> Asked:
    items, now = np.array([*past, *page], dtype=np.int64), 1_770_000_000
    times = np.array([now - 90_000] * len(past) + [now] * len(page))
    on_page = np.arange(len(items)) >= len(past)
    return Asked(
        "uk", now, items, np.ones(len(items)), np.zeros(len(items), dtype=np.int8), times, on_page, traits=traits
    )


def lean(choices: Choices, column: str, question: Asked) -> float:
    """Return how much more is said of a product of the second brand than of one of the first."""
    said = dict(choices.columns(question, np.arange(SIZE)))[f"choice.{column}"]
    return float(said[OF_BRAND == 1].mean() - said[OF_BRAND == 0].mean())


def test_people_lean_to_their_brand(choices: Choices) -> None:
    assert lean(choices, "people", asked(traits=TRAITS[0])) < -0.5
    assert lean(choices, "people", asked(traits=TRAITS[1])) > 0.5


def test_of_people_nobody_knows_the_past_says_it() -> None:
    unknown = fit_choices(DATA, CONTENT, 1, people=False)
    assert lean(unknown, "past", asked(past=(0, 1, 2))) < -0.2
    assert lean(unknown, "past", asked(past=(3, 4, 5))) > 0.2
    assert not unknown.thought.any()


def test_where_visits_keep_to_a_brand_the_page_says_it() -> None:
    choices = fit_choices(faithful(for_a_visit=True), CONTENT, 1, people=True)
    for page, people in ((0, TRAITS[1]), (3, TRAITS[0])):
        leans = {name: lean(choices, name, asked(page=(page,), traits=people)) for name in ("page", "people")}
        assert leans["page"] * (1 if OF_BRAND[page] else -1) > max(0.3, abs(leans["people"]))


def test_nothing_is_said_of_nobody_nowhere(choices: Choices) -> None:
    said = dict(choices.columns(asked(), np.arange(SIZE)))
    assert said.pop("choice.liked").any()
    assert not any(column.any() for column in said.values())
    known = dict(choices.of_nobody().columns(asked((1, 2), (3,), TRAITS[0]), np.arange(SIZE)))
    assert not known["choice.people"].any()
    assert known["choice.page"].any()


def test_slopes_are_those_of_the_loss(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each against the difference of two losses, with few rivals drawn so that what is chosen is not always one."""
    kept = list[choice_fit._Search]()
    monkeypatch.setattr(choice_fit, "MOST_RIVALS", 7)

    def keep(search: choice_fit._Search, begin: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
        kept.append(search)
        return begin

    monkeypatch.setattr(choice_fit, "_least", keep)
    fit_choices(DATA.take(np.arange(len(DATA)) < 300), CONTENT, 1, people=True)
    search, draw = kept[0], np.random.default_rng(2)
    shapes = {"own": (SIZE, 3), "spoken": (search.words.shape[1], 3), "liked": (SIZE,), "lasting": (3,)}
    width = search.facts.shape[1]
    shapes |= {"common": (width,), "alike": (width,), "leaning": (width,), "thought": (search.people.shape[1], width)}
    at = {name: draw.normal(0.0, 0.2, shape).astype(np.float32) for name, shape in shapes.items()}
    slopes = search.loss(at)[1]
    for name, shape in shapes.items():
        way = draw.normal(0.0, 0.005, shape).astype(np.float32)
        up, down = (search.loss({**at, name: at[name] + sign * way})[0] for sign in (1, -1))
        assert (up - down) / 2 == pytest.approx(float((slopes[name] * way).sum()), rel=0.03, abs=0.02)


def test_steps_are_what_is_met_first_in_a_visit() -> None:
    day = 86_400 * SECOND
    count = 7
    data = replace(
        DATA.take(np.zeros(len(DATA), dtype=np.bool_)), shoppers=np.zeros(count, dtype=np.int32),
        items=np.array([5, 6, 5, 7, 7, 8, 9], dtype=np.int32), stores=np.zeros(count, dtype=np.int32),
        kinds=np.array([VIEW] * 4 + [PURCHASE] + [VIEW] * 2, dtype=np.int8),
        times=np.array([0, SECOND, 2 * SECOND, 3 * SECOND, day, day + SECOND, 2 * day]),
        devices=np.zeros(count, dtype=np.int8),
    )  # fmt: skip
    data = replace(data, runs=False)
    steps = Steps.of(data)
    assert steps.chosen.tolist() == [5, 6, 7, 8, 9]  # 5 again and the purchase are none
    assert steps.page.tolist() == [-1, 5, 5, -1, -1]  # after a purchase, and in a new visit, one is on no page
    past = steps.past.toarray()
    assert not past[:2].any()
    weights = np.array([FADE, 1.0]) / (1.0 + FADE + DOUBT)
    np.testing.assert_allclose(past[2, [5, 6]], weights, rtol=1e-6)
    np.testing.assert_allclose(faded(2), weights, rtol=1e-6)
    assert past[4, 7] == pytest.approx(float((faded(6)[3:5]).sum()))


def test_facts_are_words_that_split_categories_and_prices_against_them() -> None:
    facts = choice_facts(DATA, CONTENT, item_words(DATA)).astype(np.float64)
    assert facts.shape == (SIZE, 4)  # two brands, each said once; the price and its square
    for category in range(CATEGORIES):
        np.testing.assert_allclose(facts[np.arange(SIZE) % CATEGORIES == category].mean(axis=0), 0.0, atol=1e-3)
    fewer = DATA.take(DATA.items != 7)
    unmet = choice_facts(fewer, CONTENT, item_words(fewer))
    assert not unmet[7].any()


def test_nothing_is_said_of_a_category_against_others(choices: Choices) -> None:
    for name, said in choices.columns(asked((1, 2), (3,), TRAITS[0]), np.arange(SIZE)):
        means = [float(np.mean(said[np.arange(SIZE) % CATEGORIES == category])) for category in range(CATEGORIES)]
        np.testing.assert_allclose(means, 0.0, atol=1e-3 * float(np.abs(said).max()), err_msg=name)


def test_what_lies_in_the_bundle_answers_alike() -> None:
    params = HybridParams(
        trees=20, leaves=8, fewest=5, axes=4, cuts=1, choice=True, choose=False, als=AlsParams(factors=4, iterations=2)
    )
    model = Hybrid.fit(DATA, params, 1)
    again = Hybrid.from_arrays(model.index, model.arrays())
    question = asked((1, 2), (3,), TRAITS[0])
    np.testing.assert_array_equal(again.score(question).scores, model.score(question).scores)
    assert "choice" in model.groups
    older = {name: array for name, array in model.arrays().items() if name != "choices.apart"}
    opened = Hybrid.from_arrays(model.index, older)  # a bundle from before it was read answers as it did then
    choices = opened.known.choices
    assert choices is not None
    np.testing.assert_array_equal(choices.apart, choices.vectors)
    assert np.isfinite(opened.score(question).scores).all()


def test_choice_is_read_where_records_are_and_of_people_where_people_are() -> None:
    columns = ("behaviour.knn", "choice.page", "choice.people", "content.price", "demographics.region")
    assert readable(columns, ("content",)) == [0, 4]
    assert readable(columns, ("demographics",)) == [0, 1, 3]
