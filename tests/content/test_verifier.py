"""The verifier passes a true text in a store's style, and names rule, place and remedy of anything else."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shopkeeper.commerce.product import Product
from shopkeeper.content.duplicates import Texts
from shopkeeper.content.facts import facts_of
from shopkeeper.content.fields import Field
from shopkeeper.content.style import Style
from shopkeeper.content.verifier import Draft, Verdict, Verifier

KETTLE = Product(
    product="k1", title="Aria Kettle", brand="Aria", categories=("kitchen > kettles",),
    attributes={
        "Colour": "Red", "Capacity": "1.7 L", "Power": "2200 W", "Material": "Stainless steel",
        "Dishwasher safe": "no", "Warranty": "2 years",
    },
)  # fmt: skip
LOCALES = ("en", "de", "fr", "es")
LAMP = Product(
    product="l1", title="Lumo Lamp", categories=("lamps",), attributes={"Colour": "Black", "Height": "40 cm"}
)


def verdict(text: str, field: Field = "description_short", locale: str = "en", product: Product = KETTLE) -> Verdict:
    return Verifier().verify(Draft(text, field, locale), facts_of(product, locale))


def rules(found: Verdict, severity: str = "error") -> list[str]:
    return [finding.rule for finding in found.findings if finding.severity == severity]


@pytest.mark.parametrize(
    ("locale", "text"),
    [
        ("en", "The Aria Kettle in red holds 1.7 L and comes with a warranty of 2 years."),
        ("de", "Der Aria Kettle in Rot fasst 1,7 l, mit 2 Jahren Garantie."),
        ("fr", "L'Aria Kettle rouge contient 1,7 l, avec une garantie de 2 ans."),
        ("es", "La Aria Kettle en rojo contiene 1,7 l, con una garantía de 2 años."),
    ],
)
def test_a_true_text_passes_in_each_language(locale: str, text: str) -> None:
    found = verdict(text, locale=locale)
    assert found.passed, found.findings
    assert "1,7 l" in {text[start:end].lower().replace(".", ",") for start, end in found.grounded}


CLAIMS = {
    "claims.superlative": ("The best kettle.", "Der beste Wasserkocher.", "Le meilleur choix.", "El mejor hervidor."),
    "claims.health": ("It heals.", "Er lindert Schmerzen.", "Elle soulage.", "Alivia el dolor."),
    "claims.green": ("Eco-friendly.", "Sehr umweltfreundlich.", "Respectueux de l'environnement.", "Es ecológico."),
    "claims.climate_neutral": ("Carbon neutral.", "Er ist klimaneutral.", "Neutre en carbone.", "Neutro en carbono."),
    "claims.price": ("Free shipping.", "Versandkostenfrei.", "Livraison gratuite.", "Envío gratis."),
    "claims.safety": ("It is unbreakable.", "Unzerbrechlich.", "Il est incassable.", "Es irrompible."),
}


@pytest.mark.parametrize("rule", CLAIMS)
def test_claims_without_a_fact_are_barred_in_each_language(rule: str) -> None:
    for locale, text in zip(("en", "de", "fr", "es"), CLAIMS[rule], strict=True):
        found = verdict(text, locale=locale)
        assert rule in rules(found), (locale, text)
        finding = next(f for f in found.findings if f.rule == rule)
        assert finding.end > finding.start
        assert finding.remedy


def test_a_fact_backs_a_claim_that_is_barred_without_it() -> None:
    assert "claims.warranty" in rules(verdict("It has a warranty.", product=LAMP))
    assert "claims.warranty" not in rules(verdict("It has a warranty."))


def test_a_competitor_is_named_by_no_text_but_may_be_the_brand() -> None:
    facts = facts_of(KETTLE)
    verifier = Verifier(competitors=("Boilmaster", "Aria"))
    assert rules(verifier.verify(Draft("Better than Boilmaster.", "alt_text", "en"), facts)) == ["claims.competitor"]
    assert verifier.verify(Draft("A kettle by Aria.", "alt_text", "en"), facts).passed


def test_lengths_count_characters_pixels_and_bullets_without_markup() -> None:
    assert rules(verdict("Red kettle " * 6, "meta_title")) == ["length.characters"]
    assert rules(verdict("W" * 40, "meta_title")) == ["length.pixels"]  # 40 letters of 0.944 x 20 = 755 pixels
    bullets = "<ul>" + "<li>In red</li>" * 7 + "</ul>"
    assert rules(verdict(bullets, "bullets")) == ["length.bullets"]
    assert rules(verdict(" ", "title")) == ["length.empty"]


def test_only_a_few_bare_tags_pass() -> None:
    assert verdict("<p>In <b>red</b>,<br>of steel &amp; more.</p>", "description_long").passed
    found = verdict("<p onclick='x()'>Red</p><script>alert(1)</script>", "description_long")
    assert {"markup.tag", "markup.unsafe"} <= set(rules(found))
    assert rules(verdict("<p>Red", "description_long")) == ["markup.nesting"]
    assert rules(verdict("<p>Red & steel</p>", "description_long")) == ["markup.escape"]
    assert rules(verdict("<b>Red</b> kettle", "title")) == ["markup.plain", "markup.plain"]


def test_findings_in_markup_stand_where_the_markup_has_them() -> None:
    text = "<p>It is <b>blue</b> &amp; of steel, 1.8&nbsp;L.</p>"
    found = verdict(text, "description_long")
    assert [text[f.start : f.end] for f in found.findings if f.severity == "error"] == ["blue", "1.8&nbsp;L"]


def test_the_language_of_a_text_is_the_one_asked_for() -> None:
    german = "Der Wasserkocher ist für alle, die es einfach mögen, und er hat mehr als das."
    assert "language.other" in rules(verdict(german, locale="en"))
    assert "language.other" not in rules(verdict(german, locale="de"))


def test_a_store_has_its_own_style() -> None:
    style = Style(banned=("cosy",), address="polite", keywords=("kettle",), least_ease=200.0)
    text = "A cosy KETTLE! " + "It is red and of steel and it is made of steel too. " * 2
    facts = facts_of(KETTLE)
    found = Verifier(style=style).verify(Draft(text, "description_short", "en"), facts)
    assert "style.banned" in rules(found)
    assert {"style.exclamation", "style.ease"} <= set(rules(found, "warning"))
    spoken = Verifier(style=style).verify(Draft("Hier ist dein Kessel.", "title", "de"), facts)
    assert "style.address" in rules(spoken, "warning")
    assert "style.keyword" in rules(spoken, "note")


def test_a_text_of_a_model_may_say_nothing_that_no_fact_backs() -> None:
    text = "A kettle with a hidden espresso compartment."
    facts = facts_of(KETTLE)
    assert Verifier().verify(Draft(text, "title", "en"), facts).passed
    strict = Verifier().verify(Draft(text, "title", "en", strict=True), facts)
    unbacked = [text[f.start : f.end] for f in strict.findings if f.rule == "grounding.unbacked"]
    assert unbacked == ["hidden", "espresso", "compartment"]
    assert not strict.passed


def test_what_a_product_is_called_is_backed_in_each_language() -> None:
    phone = Product(product="h", title="Nova 5", categories=("Mobile phones",))
    for locale, text in (("en", "A mobile phone."), ("de", "Ein Handy."), ("fr", "Un téléphone portable.")):
        found = Verifier().verify(Draft(f"Nova 5. {text}", "title", locale, strict=True), facts_of(phone, locale))
        assert found.passed, found.findings


def test_a_fact_that_must_be_said_may_not_be_left_out() -> None:
    facts = facts_of(KETTLE)
    drafts = [Draft(text, "title", "en", must_say=("capacity",)) for text in ("The red Aria.", "The Aria of 1.7 L.")]
    assert [Verifier().verify(draft, facts).passed for draft in drafts] == [False, True]


@settings(max_examples=60, deadline=None)
@given(
    st.text(alphabet=st.sampled_from("aé1.,½²x×-– £€%\"'°<>&;/()!?#\n\u202f😀ßñRed"), max_size=60),
    st.sampled_from(LOCALES),
)
def test_no_text_breaks_the_verifier_and_every_place_is_in_it(text: str, locale: str) -> None:
    fields: tuple[Field, ...] = ("description_long", "bullets", "title")
    for field in fields:
        found = Verifier().verify(Draft(text, field, locale), facts_of(KETTLE, locale))
        assert all(0 <= f.start <= f.end <= len(text) for f in found.findings)
        assert all(0 <= start < end <= len(text) for start, end in found.grounded)


def test_texts_of_one_frame_are_near_duplicates_and_others_are_not() -> None:
    frame = "Here is what you were looking for: a thing for long evenings at home in {colour}, {size} high, with love."
    others = Texts()
    verifier = Verifier()
    products = [
        Product(product=f"p{i}", title=f"Name{i}", attributes={"Colour": colour, "Height": f"{i + 7} cm"})
        for i, colour in enumerate(("Black", "White"))
    ]
    texts = [frame.format(colour="black", size="7 cm"), frame.format(colour="white", size="8 cm")]
    found = [
        verifier.verify(Draft(text, "description_short", "en"), facts_of(product), others)
        for text, product in zip(texts, products, strict=True)
    ]
    assert found[0].nearest is None
    assert found[1].nearest == ("p0", 1.0)
    assert "duplicates.near" in rules(found[1], "warning")
    last = "No two of these are alike, and none of them was ever made by a machine, so we keep them in a drawer."
    assert verifier.verify(Draft(last, "description_short", "en"), facts_of(LAMP), others).nearest is None
