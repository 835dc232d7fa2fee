"""What a shop wants of its lists: rules as data, checked when they are written so that serving can trust them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from shopkeeper.commerce.fields import Amount, Id, Label, Quantity
from shopkeeper.errors import FieldProblem, RequestRejected
from shopkeeper.recommendations.recipe import DEFAULT_PARAMS, ListName, changed
from shopkeeper.recommendations.request import Ids, Labels, field_problem

MOST_RULES: Final = 500
"""Rules of one set."""

RuleName = Annotated[str, Meta(min_length=1, max_length=100, description="Unique within the set; shown in dry runs.")]
Days = Annotated[float, Meta(ge=0, le=36_500, description="Days, 0 or more")]
Share = Annotated[float, Meta(ge=-100, le=1)]
Moment = Annotated[
    datetime | None, Meta(description="ISO 8601; without an offset it is read in the store's time zone. null = open.")
]
SameAs = Literal["category", "brand", "parent"]


class Where(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Which products a rule is about, read from the live card. All that is said must hold; of a list, one of it.

    Attributes:
        products: Ids of products, or of parents whose variants are meant.
        categories: Paths; `a > b` means all that lies under it.
        price_min: In the store's currency; a product without a price matches no bound of it.
        margin_min: Share of the price without tax that is left after cost, such as 0.25; unknown cost matches no bound.
        stock_min: Units on hand; stock that is not tracked counts as endless.
        age_days_min: Days since `available_from`, else `created_at`; without either no bound matches.
        age_days_max: 30 means new within 30 days.
        attributes: Name of an attribute -> values, compared as words without regard to case.
        same_as_page: The product shares these with one of the page's products, or lies in the category it shows.
    """

    products: Ids = ()
    categories: Labels = ()
    brands: Labels = ()
    price_min: Amount | None = None
    price_max: Amount | None = None
    margin_min: Share | None = None
    margin_max: Share | None = None
    stock_min: Quantity | None = None
    stock_max: Quantity | None = None
    age_days_min: Days | None = None
    age_days_max: Days | None = None
    attributes: dict[Label, Labels] = {}
    same_as_page: tuple[SameAs, ...] = ()


class When(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """On which pages a rule holds; nothing said = on all.

    Attributes:
        surfaces: Such as home or cart.
        page_categories: The page shows one of these, or a product that lies under one of them.
        page_brands: The page is about a product of one of these brands.
        page_products: The page is about one of these products.
    """

    surfaces: Labels = ()
    page_categories: Labels = ()
    page_brands: Labels = ()
    page_products: Ids = ()


EVERYTHING: Final = Where()
EVERYWHERE: Final = When()


class RuleBase(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="do"):
    """What every rule says."""

    name: RuleName
    where: Annotated[Where, Meta(description="Products it is about; left out = all.")] = EVERYTHING
    when: Annotated[When, Meta(description="Pages it holds on; left out = all.")] = EVERYWHERE
    begins: Moment = msgspec.field(name="from", default=None)
    ends: Moment = msgspec.field(name="until", default=None)
    on: Annotated[bool, Meta(description="False keeps it without effect.")] = True
    note: Annotated[str, Meta(max_length=500, description="For colleagues.")] = ""


class Filter(RuleBase, frozen=True, tag="filter"):
    """Only products that match are shown. A hard rule."""


class Exclude(RuleBase, frozen=True, tag="exclude"):
    """Products that match are never shown. A hard rule."""


class Include(RuleBase, frozen=True, tag="include"):
    """So many products that match are in the list, where the shelf has them; they take its last places if need be.

    Attributes:
        at_least: How many.
    """

    at_least: Annotated[int, Meta(ge=1, le=100)] = 1


class Boost(RuleBase, frozen=True, tag="boost"):
    """The score of products that match is multiplied; in lists without scores one divided by the place is the score.

    Attributes:
        by: Factor above 1.
    """

    by: Annotated[float, Meta(gt=1, le=100)]


class Bury(RuleBase, frozen=True, tag="bury"):
    """The score of products that match is multiplied by less than one.

    Attributes:
        by: Factor below 1; 0 = behind all others.
    """

    by: Annotated[float, Meta(ge=0, lt=1)]


class Pin(RuleBase, frozen=True, tag="pin"):
    """One product stands at one place, wherever hard rules, status and stock allow it; `where` plays no part.

    Attributes:
        product: Which.
        position: Place in the list, from 1; in a shorter list it takes no place.
    """

    product: Id
    position: Annotated[int, Meta(ge=1, le=100)]


class Quota(RuleBase, frozen=True, tag="quota"):
    """At most so many products that match are in one list. A hard rule.

    Attributes:
        at_most: How many; 0 is an exclusion.
        per: Counted for each brand or main category by itself; null = all that match together. A product without brand
            or category is in no count of them.
        level: For `per: category`, how many levels of the path tell two apart; null = the whole path.
    """

    at_most: Annotated[int, Meta(ge=0, le=1_000)]
    per: Literal["brand", "category"] | None = None
    level: Annotated[int, Meta(ge=1, le=10)] | None = None


class Bought(RuleBase, frozen=True, tag="bought"):
    """For how long a purchase keeps a product that matches out of the buyer's lists; the first that matches counts.

    Attributes:
        days: 0 lets it come back at once.
    """

    days: Days


Rule = Filter | Exclude | Include | Boost | Bury | Pin | Quota | Bought


class Surface(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How the lists of one surface are made.

    Attributes:
        list: What kind of list it shows.
        settings: Settings of the recipe that differ here; those of an arm of a test win over them.
    """

    list: ListName = "for_you"
    settings: dict[str, Any] = {}


class RuleSet(Struct, frozen=True, kw_only=True):
    """The rules of one store at one version, and how its surfaces are made.

    Attributes:
        store: Empty = they hold in every store, before each one's own.
        version: Counts the changes of this set from 1; 0 = there never was one.
        surfaces: Those that are made otherwise than by `surfaces.BUILT_IN`.
        who: Who made this version, as `people.person.Actor.who`.
        why: Their reason.
        at: When, UTC.
    """

    store: str
    version: int = 0
    rules: tuple[Rule, ...] = ()
    surfaces: dict[str, Surface] = {}
    who: str = ""
    why: str = ""
    at: datetime | None = None


_FIELDS: Final = {
    kind.__struct_config__.tag: ", ".join(("do", *kind.__struct_encode_fields__)) for kind in Rule.__args__
}


def read_rules(documents: Sequence[Any]) -> tuple[Rule, ...]:
    """Return rules from JSON values.

    Raises:
        RequestRejected: names every rule that cannot be used, its field and the remedy.
    """
    if len(documents) > MOST_RULES:
        remedy = f"Keep at most {MOST_RULES}: one rule may name many products, brands or categories."
        raise RequestRejected(f"{len(documents)} rules are too many.", remedy, (FieldProblem("rules", "too many"),))
    rules: list[Rule] = []
    problems: list[FieldProblem] = []
    for number, document in enumerate(documents, start=1):
        try:
            rule: Rule = msgspec.convert(document, Rule)
        except msgspec.ValidationError as error:
            said = document.get("do") if isinstance(document, dict) else None
            fields = _FIELDS.get(str(said), f"do (one of {', '.join(map(str, _FIELDS))}), name, where, when")
            problems.append(_named(field_problem(str(error), fields), number))
            continue
        rules.append(rule)
        problems += [_named(problem, number) for problem in _wrong(rule)]
    problems += _twice(rules)
    if problems:
        first = problems[0]
        raise RequestRejected(f"{first.field}: {first.reason}.", first.remedy, tuple(problems))
    return tuple(rules)


def read_surfaces(document: dict[str, Surface]) -> dict[str, Surface]:
    """Return surfaces whose settings are ones a recipe has. Raises InputError for any other."""
    for surface in document.values():
        changed(DEFAULT_PARAMS, surface.settings)
    return document


def plain_rules(rules: Iterable[Rule]) -> list[dict[str, Any]]:
    """Return rules as JSON values, what is left out left out."""
    return [dict(msgspec.to_builtins(rule)) for rule in rules]


def _named(problem: FieldProblem, number: int) -> FieldProblem:
    field = "" if problem.field in ("$", "") else f".{problem.field}"
    return FieldProblem(f"rules[{number}]{field}", problem.reason, problem.remedy, number)


def _wrong(rule: Rule) -> Iterable[FieldProblem]:
    """Yield what no type says."""
    where = rule.where
    for name in ("price", "margin", "stock", "age_days"):
        low, high = getattr(where, f"{name}_min"), getattr(where, f"{name}_max")
        if low is not None and high is not None and low > high:
            yield FieldProblem(f"where.{name}_min", f"{low:g} is above {name}_max {high:g}", "Swap the two.")
    if rule.begins is not None and rule.ends is not None:
        apart = (rule.begins.tzinfo is None) != (rule.ends.tzinfo is None)
        if apart:
            yield FieldProblem("from", "one of from and until has an offset, the other none", "Give both or neither.")
        elif rule.begins >= rule.ends:
            yield FieldProblem("from", f"{rule.begins} is not before until {rule.ends}", "Swap the two.")
    if isinstance(rule, Pin) and where != EVERYTHING:
        yield FieldProblem("where", "a pin is about its product", "Leave where out; say when for the pages.")
    if isinstance(rule, Filter | Exclude | Boost | Bury | Include) and where == EVERYTHING:
        yield FieldProblem(
            "where", f"is missing, so {rule.__struct_config__.tag} would be about every product", "Add it."
        )
    if isinstance(rule, Quota) and where == EVERYTHING and rule.per is None:
        yield FieldProblem("per", "is missing, and where too, so it would count every product", "Add one of them.")
    if isinstance(rule, Quota) and rule.level is not None and rule.per != "category":
        yield FieldProblem("level", "is about categories alone", 'Say `"per": "category"`, or leave level out.')


def _twice(rules: Sequence[Rule]) -> Iterable[FieldProblem]:
    names: set[str] = set()
    for rule in rules:
        if rule.name in names:
            yield FieldProblem("rules", f"the name {rule.name!r} is there twice", "Give each rule a name of its own.")
        names.add(rule.name)
