"""What the realiser writes."""

from __future__ import annotations

import re
from os import utime
from pathlib import Path

import pytest

from shopkeeper.commerce.product import Product
from shopkeeper.content.concepts import LANGUAGES
from shopkeeper.content.facts import Facts, facts_of
from shopkeeper.content.fields import FIELDS, PRODUCT_FIELDS, limit
from shopkeeper.content.intro import category_facts
from shopkeeper.content.realise import write, write_all
from shopkeeper.errors import ConfigError, InputError

LAPTOP = Product(
    product="l1",
    title="Corvid Aero 14",
    brand="Corvid",
    categories=("Computers > Laptops",),
    attributes={
        "Product colour": "Black",
        "Internal memory": "16 GB",
        "Total storage capacity": "1 TB",
        "Display diagonal": '35.6 cm (14")',
        "Weight": "1.24 kg",
        "Processor family": "Intel Core Ultra 7",
        "Housing material": "Aluminium, Carbon fibre",
        "warrantyInformation": "2 year warranty",
        "Backlit lid sticker": "peel slowly",
    },
)
SHOES = Product(
    product="s1", title="Trail Runner", categories=("Running shoes",), attributes={"material": "60% wool, 40% nylon"}
)
KETTLE = Product(
    product="k1", title="Rapid", brand="Asta", categories=("Kettles",), attributes={"capacity": "1.7 L", "weight": 4}
)
ENDLESS = Product(product="e1", title="W" * 200, brand="x" * 400, attributes={"note": "y" * 250})
SPARSE = Product(product="p1", title="GT-E1310B", brand="Samsung", categories=("Mobile Phones",))
HOSTILE = Product(
    product="h1",
    title="<img src=x onerror=alert(1)> Lamp & Co",
    brand="A&B <script>",
    categories=("Lamps",),
    attributes={"colour": "<b onmouseover=x>red</b>", "note": "{brand} [x] <i>&lt;script&gt;</i> 1 < 2"},
)
PRODUCTS = (LAPTOP, SHOES, KETTLE, SPARSE, HOSTILE, ENDLESS)


def texts(product: Product, locale: str, seed: int = 0) -> dict[str, str]:
    return {piece.field: piece.plain for piece in write_all(facts_of(product, locale), locale, seed=seed)}


@pytest.mark.parametrize("locale", LANGUAGES)
@pytest.mark.parametrize("product", PRODUCTS, ids=lambda product: product.product)
def test_each_field_is_written_within_its_limit(product: Product, locale: str) -> None:
    for channel in ("shop", "amazon", "mobile"):
        for piece in write_all(facts_of(product, locale), locale, channel=channel):
            bounds = limit(piece.field, channel)
            assert piece.text
            if bounds.html:
                assert len(piece.plain) <= bounds.characters
                assert re.fullmatch(r"(?:<p>[^<>]+</p>|<ul>(?:<li>[^<>]+</li>)+</ul>)+", piece.text)
            else:
                assert bounds.holds(piece.text)


@pytest.mark.parametrize("locale", LANGUAGES)
@pytest.mark.parametrize("voice", ["neutral", "warm", "expert"])
def test_no_slot_bracket_or_doubled_word_is_left(locale: str, voice: str) -> None:
    for product in PRODUCTS[:4]:
        for seed in range(5):
            for piece in write_all(facts_of(product, locale), locale, voice=voice, seed=seed):
                assert not re.search(r"  |[{}\[\]|]|\.\.| ,| \.|\b(\w{3,}) \1\b", piece.plain.replace(" | ", " ")), (
                    piece.plain
                )


def test_each_span_covers_the_words_of_its_fact() -> None:
    for locale in LANGUAGES:
        facts = facts_of(LAPTOP, locale)
        for piece in write_all(facts, locale):
            ends = [0]
            for span in piece.spans:
                assert span.start >= ends[-1]
                assert facts.named(span.fact) is not None
                ends.append(span.end)
            brands = [piece.text[span.start : span.end] for span in piece.spans if span.fact == "brand"]
            assert set(brands) <= {"Corvid"}


def numbers(text: str) -> set[str]:
    return {found.replace(",", ".") for found in re.findall(r"\d+(?:[.,]\d+)?", text)}


@pytest.mark.parametrize("locale", LANGUAGES)
def test_no_number_is_written_that_the_record_does_not_have(locale: str) -> None:
    record = numbers(" ".join([str(LAPTOP.title), *LAPTOP.attributes.values()]))
    for seed in range(20):
        assert numbers(" ".join(texts(LAPTOP, locale, seed).values())) <= record


def test_the_same_choice_writes_the_same_text_and_another_seed_another() -> None:
    facts = facts_of(LAPTOP, "de")
    one = write(facts, "description_long", "de", seed=1)
    assert write(facts, "description_long", "de", seed=1) == one
    assert len({write(facts, "description_long", "de", seed=seed).text for seed in range(20)}) > 15


@pytest.mark.parametrize(
    ("locale", "weight", "screen"),
    [
        ("en", "1.24 kg", "35.6 cm (14 in)"),
        ("de", "1,24\u00a0kg", "35,6\u00a0cm (14\u00a0Zoll)"),
        ("fr", "1,24\u202fkg", "35,6\u202fcm (14\u202fpouces)"),
        ("es", "1,24\u00a0kg", "35,6\u00a0cm (14\u00a0pulgadas)"),
    ],
)
def test_numbers_and_units_are_written_as_the_language_does(locale: str, weight: str, screen: str) -> None:
    text = texts(LAPTOP, locale)["description_long"]
    assert weight in text
    assert screen in text


def test_french_counts_bytes_in_octets_and_shortens_before_vowels() -> None:
    written = " ".join(text for seed in range(12) for text in texts(KETTLE, "fr", seed).values())
    assert "d’Asta" in written
    assert "de Asta" not in written
    assert "16\u202fGo" in texts(LAPTOP, "fr")["description_long"]


def test_verbs_agree_with_a_plural_noun() -> None:
    written = " ".join(text for seed in range(30) for text in texts(SHOES, "en", seed).values())
    assert "These sports shoes are made of 60% wool and 40% nylon" in written
    assert "This sports shoes" not in written
    german = " ".join(text for seed in range(30) for text in texts(SHOES, "de", seed).values())
    assert "Diese Sportschuhe bestehen aus 60\u00a0% Wolle und 40\u00a0% Nylon" in german


def test_a_fact_without_words_in_the_language_is_left_out_and_said_so() -> None:
    piece = write(facts_of(LAPTOP, "de"), "description_long", "de")
    assert piece.left_out == ("backlit_lid_sticker",)
    assert "peel" not in piece.text
    assert "peel slowly" in texts(LAPTOP, "en")["description_long"]


def test_a_weight_without_unit_is_not_written() -> None:
    assert all("4" not in text for locale in LANGUAGES for text in texts(KETTLE, locale).values())


def test_few_facts_give_few_words_and_no_filler() -> None:
    assert texts(SPARSE, "en")["description_long"] in {
        f"{frame}"
        for frame in (
            "GT-E1310B – a mobile phone by Samsung.",
            "GT-E1310B: a mobile phone from Samsung.",
            "A mobile phone by Samsung: GT-E1310B.",
            "A mobile phone from Samsung – GT-E1310B.",
            "GT-E1310B, a mobile phone by Samsung.",
            "From Samsung: GT-E1310B, a mobile phone.",
            "GT-E1310B in brief: a mobile phone from Samsung.",
            "Presenting GT-E1310B: a mobile phone by Samsung.",
            "GT-E1310B, a mobile phone from Samsung, at a glance.",
        )
    }


@pytest.mark.parametrize("locale", LANGUAGES)
def test_markup_in_a_record_never_becomes_markup(locale: str) -> None:
    for piece in write_all(facts_of(HOSTILE, locale), locale):
        if piece.html:
            assert not re.search(r"<(?!/?(?:p|ul|li)>)", piece.text)
        assert "onerror" not in piece.text


def test_braces_and_brackets_of_a_value_are_no_frame() -> None:
    assert "{brand} [x]" in texts(HOSTILE, "en")["description_long"]


def test_a_long_title_is_cut_only_before_data_and_never_inside_a_word() -> None:
    product = Product(
        product="x",
        title='Sony W995 black 6.6 cm (2.6") 113 g slider with a charger',
        brand="Sony",
        categories=("Mobile Phones",),
        attributes={"colour": "Black", "weight": "113 g"},
    )
    assert texts(product, "de")["ad_headline"] in {"Sony W995", "Handy: Sony W995"}


def test_variants_are_told_as_facts_of_their_parent() -> None:
    variants = [Product(product=size, attributes={"size": size}) for size in ("S", "M", "L")]
    facts = facts_of(Product(product="tee", title="Plain Tee", categories=("Tees",)), variants=variants)
    assert "Size: S, M and L" in write(facts, "description_long", "en").text


def test_a_category_is_introduced_by_what_all_its_products_have() -> None:
    phones = [
        Product(product=str(place), title="P", brand="Ada", categories=("Mobile Phones",), attributes=attributes)
        for place, attributes in enumerate([{"weight": "90 g", "colour": "Red"}, {"weight": "110 g"}])
    ]
    facts = category_facts("Mobile Phones", [facts_of(phone, "fr") for phone in phones], "fr")
    text = write(facts, "category_intro", "fr").text
    assert "90 à 110\u202fg" in text
    assert "Ada" in text
    assert "rouge" not in text


def test_a_merchandisers_words_come_before_ours(tmp_path: Path) -> None:
    (tmp_path / "en.yaml").write_text("sentences:\n  weight: ['Tips the scales at {value}.']\n", "utf-8")
    pieces = [write_all(facts_of(LAPTOP), "en", seed=seed, edits=tmp_path) for seed in range(20)]
    assert any("Tips the scales at 1.24 kg" in piece.plain for each in pieces for piece in each)
    assert pieces[0][0].words != write(facts_of(LAPTOP), "title", "en").words


def test_words_are_read_again_once_they_are_changed(tmp_path: Path) -> None:
    for time, text in enumerate(("Now {name}.", "Later {name}.")):
        path = tmp_path / "en.yaml"
        path.write_text(f"headline: ['{text}']\n", "utf-8")
        utime(path, (time, time))
        (piece,) = write_all(facts_of(LAPTOP), "en", fields=("ad_headline",), edits=tmp_path)
        assert piece.text == text.format(name="Corvid Aero 14")


@pytest.mark.parametrize(
    ("text", "message"),
    [("Now {price}!", "slot"), ("[{value}", "not closed"), ("{value} {is|are|be}", "3 forms"), ("a ] b", "match")],
)
def test_a_broken_frame_is_named_when_it_is_loaded(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "en.yaml").write_text(f"sentences:\n  weight: ['{text}']\n", "utf-8")
    with pytest.raises(ConfigError, match=message) as raised:
        write_all(facts_of(LAPTOP), "en", edits=tmp_path)
    assert "sentences.weight" in str(raised.value)


def test_a_locale_voice_or_field_nobody_knows_is_refused() -> None:
    facts: Facts = facts_of(LAPTOP)
    with pytest.raises(InputError, match="nl-NL"):
        write(facts, "title", "nl-NL")
    with pytest.raises(InputError, match="shouting"):
        write(facts, "title", "en", voice="shouting")
    assert set(PRODUCT_FIELDS) == set(FIELDS) - {"category_intro"}
