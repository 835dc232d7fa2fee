"""A rule as a merchandiser says it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from shopkeeper.commerce.store import Store
from shopkeeper.recommendations.rules.merchandising import (
    Boost,
    Bought,
    Bury,
    Include,
    Pin,
    Quota,
    Rule,
    RuleSet,
    Where,
)
from shopkeeper.recommendations.rules.rule_book import window
from shopkeeper.web.locale_text import ago, number, utc

_DOES: Final = {"filter": "shows nothing but", "exclude": "never shows"}
_SHOWN: Final = 4
"""Names listed of many."""


@dataclass(frozen=True, slots=True)
class RuleView:
    """One rule, ready to be shown.

    Attributes:
        does: What it does, in words.
        about: Which products.
        pages: On which pages.
        state: holds, off, later or over, and the chip it is shown with.
    """

    name: str
    do: str
    does: str
    about: str
    pages: str
    state: str
    chip: str
    note: str


def rule_views(rules: tuple[Rule, ...], store: Store, now: datetime) -> list[RuleView]:
    """Return rules in words."""
    return [_view(rule, store, now) for rule in rules]


def rules_headline(found: RuleSet, views: list[RuleView], now: datetime) -> str:
    """Return the answer to the page's question in one sentence."""
    place = found.store or "every store"
    if not found.version:
        return f"{place} has no rules of its own yet: its lists are what the models make of them."
    holding = sum(view.state == "holds" for view in views)
    others = [f"{n} {word}" for word in ("off", "later", "over") if (n := sum(v.state == word for v in views))]
    rest = f" ({', '.join(others)})" if others else ""
    since = "" if found.at is None else f", {ago(found.at, now)}"
    plural = "rule holds" if holding == 1 else "rules hold"
    return (
        f"{holding} {plural} in {place}{rest}: version {found.version}, by {plain_name(found.who)}{since}: {found.why}"
    )


def plain_name(who: str) -> str:
    """Return who, without the numbers."""
    return who.partition(" (person ")[0]


def _view(rule: Rule, store: Store, now: datetime) -> RuleView:
    begins, ends = window(rule, store)
    state, chip = "holds", "good"
    if not rule.on:
        state, chip = "off", ""
    elif now.timestamp() < begins:
        state, chip = "later", "warn"
    elif now.timestamp() >= ends:
        state, chip = "over", ""
    do = str(rule.__struct_config__.tag)
    pages = ", ".join(_page_words(rule)) or "every page"
    times = ", ".join(_times(begins, ends))
    about = "" if isinstance(rule, Pin) else ", ".join(_where_words(rule.where)) or "every product"
    return RuleView(
        rule.name, do, _does(rule, do), about, f"{pages}; {times}" if times else pages, state, chip, rule.note
    )


def _does(rule: Rule, do: str) -> str:
    if isinstance(rule, Pin):
        return f"puts {rule.product} at place {rule.position}"
    if isinstance(rule, Boost | Bury):
        return f"multiplies the score by {rule.by:g} of"
    if isinstance(rule, Include):
        return f"has at least {rule.at_least} of"
    if isinstance(rule, Quota):
        return f"shows at most {rule.at_most}{f' per {rule.per}' if rule.per else ''} of"
    if isinstance(rule, Bought):
        return f"keeps for {rule.days:g} days from who bought it"
    return _DOES[do]


def _where_words(where: Where) -> Iterator[str]:
    for name, values in (("products", where.products), ("category", where.categories), ("brand", where.brands)):
        if values:
            yield f"{name} {_listed(values)}"
    for name, unit in (("price", ""), ("margin", "share"), ("stock", ""), ("age_days", "")):
        low, high = getattr(where, f"{name}_min"), getattr(where, f"{name}_max")
        words = "age in days" if name == "age_days" else name
        if low is not None:
            yield f"{words} from {_figure(low, unit)}"
        if high is not None:
            yield f"{words} up to {_figure(high, unit)}"
    for name, values in where.attributes.items():
        yield f"{name} {_listed(values)}"
    for same in where.same_as_page:
        yield f"same {same} as the page"


def _page_words(rule: Rule) -> Iterator[str]:
    when = rule.when
    if when.surfaces:
        yield _listed(when.surfaces)
    for name, values in (
        ("category", when.page_categories), ("brand", when.page_brands), ("product", when.page_products),
    ):  # fmt: skip
        if values:
            yield f"pages of {name} {_listed(values)}"


def _times(begins: float, ends: float) -> Iterator[str]:
    for words, moment in (("from", begins), ("until", ends)):
        if abs(moment) != float("inf"):
            yield f"{words} {utc(datetime.fromtimestamp(moment, UTC))}"


def _listed(values: tuple[str, ...]) -> str:
    more = f" and {len(values) - _SHOWN} more" if len(values) > _SHOWN else ""
    return " or ".join(values[:_SHOWN]) + more


def _figure(value: float, unit: str) -> str:
    return f"{number(100 * value, 'en', 1)}%" if unit == "share" else f"{value:g}"
