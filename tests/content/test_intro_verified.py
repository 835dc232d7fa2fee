"""Introductions of categories are judged by what every product of the category has."""

from __future__ import annotations

import pytest

from shopkeeper.commerce.product import Product
from shopkeeper.content.facts import Facts, facts_of
from shopkeeper.content.intro import category_facts
from shopkeeper.content.realise import write
from shopkeeper.content.verifier import Draft, Verdict, Verifier

PATH = "Home > Kettles"


def kettles(locale: str) -> Facts:
    colours = ("Red", "Black", "Red")
    products = [
        Product(
            product=f"k{litres}", title=f"Aria {litres}", brand="Aria", categories=(PATH,),
            attributes={"Capacity": f"{litres} L", "Colour": colour} | ({"Material": "Glass"} if litres == 1 else {}),
        )
        for litres, colour in enumerate(colours, 1)
    ]  # fmt: skip
    return category_facts(PATH, [facts_of(product, locale) for product in products], locale)


def judged(text: str, locale: str = "en") -> Verdict:
    return Verifier().verify(Draft(text, "category_intro", locale, strict=True), kettles(locale))


@pytest.mark.parametrize("locale", ["en", "de", "fr", "es"])
def test_an_introduction_of_the_realiser_passes(locale: str) -> None:
    facts = kettles(locale)
    text = write(facts, "category_intro", locale).text
    verdict = Verifier().verify(Draft(text, "category_intro", locale), facts)
    assert verdict.passed, verdict.findings
    assert verdict.grounded


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Our kettles hold 5 L.", "grounding.changed"),
        ("Our kettles come in blue.", "grounding.changed"),
        ("Our kettles are made of glass.", "grounding.added"),  # one of them is
        ("Our kettles weigh 2 kg.", "grounding.added"),
    ],
)
def test_what_not_every_product_backs_is_refused(text: str, rule: str) -> None:
    assert rule in {found.rule for found in judged(text).findings if found.severity == "error"}
