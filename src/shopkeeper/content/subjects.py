"""Which products are written about, for which stores and in which locales."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated

from msgspec import Meta, Struct

from shopkeeper.commerce.product import RECOMMENDABLE, Product
from shopkeeper.commerce.store import Store
from shopkeeper.content.author import Category, Subject
from shopkeeper.content.concepts import LANGUAGES
from shopkeeper.content.fields import FIELDS, INTRO, PRODUCT_FIELDS, Field
from shopkeeper.errors import InputError, UnknownStore

FEWEST_PRODUCTS = 2
LONGEST_PATH = 200  # letters of what a text is kept under
Names = Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=200)], ...], Meta(max_length=10_000)]


class ContentOrder(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a job is to write; what is left out is all there is.

    Attributes:
        store: Only what this store sells.
        locales: Only these.
        fields: Only these texts; `category_intro` is written where it is named.
        category: Only products under this path.
        products: Only these.
        budget: US dollars after which the job stops; null = the month's budget alone holds.
        wording: In this wording of the settings; empty = the house's own.
    """

    store: Annotated[str, Meta(max_length=200)] | None = None
    locales: Names = ()
    fields: tuple[Field, ...] = PRODUCT_FIELDS
    category: Annotated[str, Meta(max_length=500)] = ""
    products: Names = ()
    budget: Annotated[float, Meta(ge=0)] | None = None
    wording: Annotated[str, Meta(max_length=60)] = ""

    def checked(self) -> ContentOrder:
        """Return it. Raises InputError for a locale, field or budget there is not."""
        unknown = [locale for locale in self.locales if not _has_words(locale)]
        if unknown:
            raise InputError(f"There are no words for {', '.join(unknown)}.", f"Use locales of {', '.join(LANGUAGES)}.")
        strange = [name for name in self.fields if name not in FIELDS]
        if strange or not self.fields:
            raise InputError(f"There is no text {', '.join(strange)!r}.", f"Use some of {', '.join(FIELDS)}.")
        if self.products and INTRO in self.fields:
            raise InputError(f"{INTRO} is of all products of a category.", "Name no products, or leave it out.")
        if self.budget is not None and self.budget < 0:
            raise InputError(f"A budget of ${self.budget} is none.", "Give US dollars, 0 or more.")
        return self


def subjects(products: Iterable[Product], stores: Sequence[Store], order: ContentOrder) -> list[Subject]:
    """Return what an order is about, ordered by store, category and product, so that siblings stand together.

    A product with variants is written about once, its variants are facts of it. A product for all stores is written
    about once as well, in the locales of them all.

    Raises:
        UnknownStore: the order names one that was not declared.
    """
    known = {store.store: store for store in stores}
    if order.store is not None and order.store not in known:
        raise UnknownStore(order.store, tuple(known))
    asked = [known[order.store]] if order.store is not None else list(stores)
    locales = {"": _locales(asked, order), **{store.store: _locales([store], order) for store in asked}}
    found = [
        Subject(product.store, product, locales[product.store], variants)
        for product, variants in _parents(products)
        if product.store in locales and _is_asked(product, order)
    ]
    found = [subject for subject in found if subject.locales]
    return sorted(found, key=lambda one: (one.store, one.product.categories[:1], one.product.product))


def categories(found: Sequence[Subject], stores: Sequence[Store], order: ContentOrder) -> list[Category]:
    """Return the categories an order has introduced, by store: those that products name and at least two are in.

    Args:
        found: All products the order is about.
    """
    if INTRO not in order.fields:
        return []
    shelves: dict[str, list[Subject]] = defaultdict(list)
    for subject in found:
        for path in dict.fromkeys(subject.product.categories):
            if _is_under(path, order.category) and len(path) <= LONGEST_PATH:
                shelves[path].append(subject)
    asked = [store for store in stores if order.store in {None, store.store}]
    every: list[Category] = []
    for store in asked:
        for path, here in sorted(shelves.items()):
            theirs = tuple(one for one in here if one.store in {"", store.store})
            every.append(Category(store.store, path, _locales([store], order), theirs))
    return [one for one in every if len(one.products) >= FEWEST_PRODUCTS and one.locales]


def without_words(stores: Iterable[Store]) -> tuple[str, ...]:
    """Return the locales of stores in which nothing can be written."""
    return tuple(sorted({locale for store in stores for locale in store.locales if not _has_words(locale)}))


def _parents(products: Iterable[Product]) -> Iterator[tuple[Product, tuple[Product, ...]]]:
    """Yield products that are no variants, each with its own; a variant whose parent is unknown stands for itself."""
    there = [one for one in products if one.kind in RECOMMENDABLE and one.status == "active"]
    names = {(one.store, one.product) for one in there}
    under: dict[tuple[str, str], list[Product]] = defaultdict(list)
    for one in there:
        if (parent := _parent(one)) in names:
            under[parent].append(one)
    for one in there:
        if _parent(one) not in names:
            yield one, tuple(sorted(under.get((one.store, one.product), ()), key=lambda v: v.product))


def _parent(product: Product) -> tuple[str, str]:
    own = product.parent == product.product
    return product.store, "" if own else product.parent or ""


def _is_asked(product: Product, order: ContentOrder) -> bool:
    if order.products and product.product not in order.products:
        return False
    return not order.category or any(_is_under(one, order.category) for one in product.categories)


def _is_under(path: str, above: str) -> bool:
    return not above or path == above or path.startswith(f"{above} > ")


def _locales(stores: Iterable[Store], order: ContentOrder) -> tuple[str, ...]:
    there = dict.fromkeys(locale for store in stores for locale in store.locales if _has_words(locale))
    return tuple(locale for locale in there if not order.locales or locale in order.locales)


def _has_words(locale: str) -> bool:
    return locale.replace("_", "-").split("-")[0].casefold() in LANGUAGES
