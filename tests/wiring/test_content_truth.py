"""Published texts are judged once for each set of facts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shopkeeper.commerce.product import Price, Product
from shopkeeper.commerce.store import Store
from shopkeeper.content import author
from shopkeeper.content.author import Manner
from shopkeeper.content.facts import Facts, facts_of
from shopkeeper.content.kept import PieceKey, Version
from shopkeeper.content.review import Policy, written
from shopkeeper.content.verifier import Verdict, Verifier
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.serving.catalogue import Catalogue
from shopkeeper.testing.piece_store_suite import example_key, example_version
from shopkeeper.wiring.content_truth import FRESH, TextTruth

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
MANNER = Manner()


def kettle(name: str, capacity: str, parent: str | None = None) -> Product:
    attributes = {"capacity": capacity}
    return Product(product=name, store="uk", title=name, categories=("Kettles",), attributes=attributes, parent=parent)


def put(catalogue: Catalogue, *rows: Product | Price | Store, at: datetime = NOON) -> None:
    catalogue.apply([SourcedRow(row, at) for row in rows])


@pytest.fixture
def catalogue() -> Catalogue:
    found = Catalogue()
    put(found, Store(store="uk", locales=("en",)), kettle("a", "1 L"), kettle("b", "2 L"))
    return found


@pytest.fixture
def judgements(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Facts hashes in the order texts were judged by them."""
    done: list[str] = []
    judge = author.judged

    def noted(version: Version, key: PieceKey, facts: Facts, verifier: Verifier) -> Verdict:
        done.append(facts.hash)
        return judge(version, key, facts, verifier)

    monkeypatch.setattr(author, "judged", noted)
    return done


def test_a_text_is_judged_once_by_facts_it_was_not_written_of(judgements: list[str]) -> None:
    version = example_version(text="Holds 1 L.")
    (change,) = written(None, example_key(), version, "made", Policy(), holds=True)
    truth, same, other = TextTruth(), facts_of(kettle("a", "1000 ml")), facts_of(kettle("a", "3 L"))
    found = [truth.holds(change.piece, version, facts, MANNER) for facts in (same, other, same, other)]
    assert found == [True, False, True, False]
    assert judgements == [same.hash, other.hash]


def test_facts_of_a_category_follow_its_products_within_a_minute(catalogue: Catalogue) -> None:
    truth = TextTruth()
    first = truth.of_category(catalogue, "uk", "Kettles", "en", MANNER, NOON)
    assert first is not None
    assert first.said("capacity") == "1-2 L"
    put(catalogue, kettle("b", "3 L"), at=NOON + timedelta(seconds=1))
    assert truth.of_category(catalogue, "uk", "Kettles", "en", MANNER, NOON) is first
    then = truth.of_category(catalogue, "uk", "Kettles", "en", MANNER, NOON + FRESH)
    assert then is not None
    assert then.said("capacity") == "1-3 L"


def test_another_price_leaves_the_facts_of_a_category_as_they_are(catalogue: Catalogue) -> None:
    truth = TextTruth()
    first = truth.of_category(catalogue, "uk", "Kettles", "en", MANNER, NOON)
    put(catalogue, Price(store="uk", product="a", price=9.0, ts=NOON), at=NOON + timedelta(seconds=1))
    assert truth.of_category(catalogue, "uk", "Kettles", "en", MANNER, NOON + FRESH) is first


def test_variants_are_told_with_their_parent_and_one_product_is_no_category(catalogue: Catalogue) -> None:
    put(catalogue, kettle("b-red", "4 L", parent="b"), at=NOON + timedelta(seconds=1))
    found = TextTruth().of_category(catalogue, "uk", "Kettles", "en", MANNER, NOON)
    assert found is not None
    assert found.said("capacity") == "1-4 L"
    put(catalogue, Product(product="a", store="uk", status="withdrawn"), at=NOON + timedelta(seconds=2))
    assert TextTruth().of_category(catalogue, "uk", "Kettles", "en", MANNER, NOON) is None
