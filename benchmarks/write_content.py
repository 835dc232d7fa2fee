"""How many texts are written, verified and kept, how many the verifier judges, and what bounds them in the same run.

    python benchmarks/write_content.py [--products N] [--seed N]

A made-up catalogue (`--products`, ten kinds, about a dozen attributes each) gets ten texts a product in English and
German by the job `shopkeeper content generate` runs: two processes write and verify, one keeps, SQLite, one transaction
a batch. The last line of stdout is one JSON document:

`pieces_per_minute`: by the wall; at least 20,000 are asked of two cores. `pieces_per_cpu_minute`: by the processor time
    of all its processes, so what one core does in a minute; a busy machine changes it less.
`verifier_per_s`: texts judged in a second of one core's processor time, each product new to the verifier; at least
    2,000 are asked.
`verifier_warm_per_s`: the same texts once more. `verifier_alike_per_s`: new, and compared with those of their kind.
`realiser_per_s`: written, not judged: what the verifier leaves of its speed.
`peer_jinja_per_s`: the same facts filled into a Jinja template of one paragraph, neither varied nor judged.
`keeping_per_s`, `limit_keeping_per_s`: texts kept in the state, and bare rows of as many bytes put into SQLite in
    transactions as large, by the wall.
"""

from __future__ import annotations

import argparse
import gc
import json
import resource
import sqlite3
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any

import jinja2
import msgspec

from shopkeeper.commerce.product import Product
from shopkeeper.commerce.store import Store
from shopkeeper.commerce.tables import PRODUCTS, STORES
from shopkeeper.content.author import Author, Due, Manner, Subject
from shopkeeper.content.duplicates import Texts
from shopkeeper.content.facts import Facts, facts_of
from shopkeeper.content.fields import PRODUCT_FIELDS
from shopkeeper.content.kept import Change
from shopkeeper.content.realise import write_all
from shopkeeper.content.review import Policy
from shopkeeper.content.subjects import ContentOrder
from shopkeeper.content.verifier import Draft, Verifier
from shopkeeper.engines.state import open_state
from shopkeeper.intake.ports import SourcedRow
from shopkeeper.testing.steps_in_memory import StepsInMemory
from shopkeeper.wiring.content_job import BATCH, TEXTS, content_work
from shopkeeper.wiring.settings import Settings, load_settings

LOCALES = ("en", "de")
NOW = datetime(2026, 12, 1, tzinfo=UTC)
KINDS = (
    "Kettles", "Laptops", "Monitors", "Headphones", "Jackets", "Backpacks", "Lamps", "Keyboards", "Cameras", "Printers"
)  # fmt: skip
COLOURS = ("Black", "White", "Silver", "Red", "Blue", "Green", "Grey", "Beige", "Brown", "Navy")
MATERIALS = ("Stainless steel", "Plastic", "Aluminium", "Cotton", "Leather", "Glass", "Wood", "Polyester")
SYLLABLES = ("ar", "bel", "cor", "dan", "el", "fin", "gal", "hol", "ir", "jen", "kor", "lum", "mir", "nor", "or", "pel")
TEMPLATE = (
    "The {{ title }}: {% for f in facts %}{{ f.label }} {{ f.value.text }}{{ ', ' if not loop.last }}{% endfor %}."
)


def shelf(products: int, seed: int) -> list[Product]:
    """Return a catalogue of products that differ in name, numbers and most values."""
    chance = Random(seed)  # noqa: S311 - a made-up catalogue
    return [_product(number, chance) for number in range(products)]


def _product(number: int, chance: Random) -> Product:
    kind = KINDS[number % len(KINDS)]
    name = "".join(chance.choices(SYLLABLES, k=3)).title()
    brand = "".join(Random(number % 40).choices(SYLLABLES, k=2)).title()  # noqa: S311 - forty brands
    attributes: dict[str, Any] = {
        "Colour": chance.choice(COLOURS), "Material": chance.choice(MATERIALS),
        "Weight": f"{chance.randint(1, 90) / 10} kg", "Power": f"{chance.randint(2, 240) * 10} W",
        "Width": f"{chance.randint(40, 900)} mm", "Height": f"{chance.randint(40, 900)} mm",
        "Depth": f"{chance.randint(40, 600)} mm", "Capacity": f"{chance.randint(2, 60) / 10} L",
        "Cable length": f"{chance.randint(5, 40) / 10} m", "Warranty period": f"{chance.randint(1, 5)} years",
        "Wireless": chance.random() < 0.5, "Country of origin": chance.choice(("Germany", "Japan", "France", "Spain")),
    }  # fmt: skip
    title = f"{brand} {name} {chance.randint(100, 999)}"
    return Product(
        product=f"p{number}", title=title, brand=brand, categories=(f"Shop > {kind}",), attributes=attributes,
        price=float(chance.randint(5, 900)), url=f"/products/p{number}",
    )  # fmt: skip


def job(products: Sequence[Product], folder: Path) -> dict[str, float]:
    """Write, verify and keep all texts by the job itself, in two processes."""
    (folder / "shopkeeper.toml").write_text("[engines]\nshard_workers = 2\n", "utf-8")
    settings = load_settings(folder)
    stock(settings, products)
    steps = StepsInMemory(folder / "run")
    order = {"order": msgspec.to_builtins(ContentOrder()), "who": "benchmark"}
    cpu, began = _processor(), time.perf_counter()
    done = content_work(settings)(steps, TEXTS, order)
    wall, used = time.perf_counter() - began, _processor() - cpu
    pieces = int(done["texts_written"])
    _hold(pieces == len(products) * len(LOCALES) * len(PRODUCT_FIELDS), f"not every text is there: {done}")
    return {
        "pieces": pieces,
        "pieces_per_minute": 60 * pieces / wall,
        "pieces_per_cpu_minute": 60 * pieces / used,
        "job_seconds": wall,
    }


def stock(settings: Settings, products: Sequence[Product]) -> None:
    """Put a store and its products into the state."""
    with closing(open_state(settings.state_url)) as state:
        state.tables.upsert(STORES, [SourcedRow(Store(store="uk", locales=LOCALES), NOW)])
        state.tables.upsert(PRODUCTS, [SourcedRow(product, NOW) for product in products])


def _hold(holds: bool, otherwise: str) -> None:
    if not holds:
        raise SystemExit(f"The figures would not be true: {otherwise}.")


def _processor() -> float:
    return sum(
        used.ru_utime + used.ru_stime
        for used in (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    )


def verifying(products: Sequence[Product], others: Sequence[Product]) -> dict[str, float]:
    """Time the realiser, the template and the verifier on one core.

    Args:
        others: Products by which tables are read and words met first, as they are in a process that has worked a while.
    """
    known = Verifier()
    for draft, facts in _drafts(others)[0]:
        known.verify(draft, facts)
    drafts, written = _drafts(products)
    gc.collect()
    gc.freeze()  # the benchmark's own texts are none of the verifier's objects
    once, seen = _rate(drafts, Verifier())
    twice, _ = _rate(drafts, seen)
    fresh, alike = [*_drafts(others[: len(others) // 2])[0]], Verifier()
    texts: dict[tuple[str, str], Texts] = {}
    began = time.process_time()
    for draft, facts in fresh:
        alike.verify(draft, facts, texts.setdefault((draft.field, draft.locale), Texts()))
    compared = len(fresh) / (time.process_time() - began)
    return {
        "verifier_per_s": once, "verifier_warm_per_s": twice, "verifier_alike_per_s": compared,
        "realiser_per_s": written, "peer_jinja_per_s": _templates(products),
    }  # fmt: skip


def _drafts(products: Sequence[Product]) -> tuple[list[tuple[Draft, Facts]], float]:
    """Texts of products with their facts, and how many were written in a second."""
    drafts: list[tuple[Draft, Facts]] = []
    began = time.process_time()
    for locale in LOCALES:
        for product in products:
            facts = facts_of(product, locale)
            drafts += [(Draft(piece.text, piece.field, locale), facts) for piece in write_all(facts, locale)]
    return drafts, len(drafts) / (time.process_time() - began)


def _rate(drafts: Sequence[tuple[Draft, Facts]], verifier: Verifier) -> tuple[float, Verifier]:
    began = time.process_time()
    barred = sum(not verifier.verify(draft, facts).passed for draft, facts in drafts)
    taken = time.process_time() - began
    _hold(barred == 0, f"{barred} texts of the realiser do not pass")
    return len(drafts) / taken, verifier


def _templates(products: Sequence[Product]) -> float:
    template = jinja2.Environment(autoescape=True).from_string(TEMPLATE)
    began = time.process_time()
    for product in products:
        facts = facts_of(product, "en")
        for _ in PRODUCT_FIELDS:
            template.render(title=facts.said("title"), facts=facts.facts[3:])
    return len(products) * len(PRODUCT_FIELDS) / (time.process_time() - began)


def keeping(products: Sequence[Product], folder: Path) -> dict[str, float]:
    """Time keeping alone, and bare rows of as many bytes beside it."""
    author = Author(Manner(), Verifier(), None, Policy(), NOW, "benchmark")
    batches = [
        [change for one in products[start : start + BATCH] for change in _changes(author, one)]
        for start in range(0, len(products), BATCH)
    ]
    texts = sum(map(len, batches))
    with closing(open_state(f"sqlite:///{folder / 'kept.db'}")) as state:
        began = time.perf_counter()
        for batch in batches:
            _hold(state.pieces.put(batch) == (), "a text was there before")
        kept = texts / (time.perf_counter() - began)
    rows = [[(change.piece.id, msgspec.json.encode(change)) for change in batch] for batch in batches]
    with closing(sqlite3.connect(folder / "bare.db")) as bare:
        bare.execute("PRAGMA journal_mode=WAL")
        bare.execute("CREATE TABLE bodies (piece TEXT PRIMARY KEY, body BLOB)")
        began = time.perf_counter()
        for some in rows:
            bare.executemany("INSERT INTO bodies VALUES (?, ?)", some)
            bare.commit()
        limit = texts / (time.perf_counter() - began)
    return {"keeping_per_s": kept, "limit_keeping_per_s": limit}


def _changes(author: Author, product: Product) -> list[Change]:
    subject = Subject("", product, LOCALES)
    return list(author.write(subject, [Due(key) for key in subject.keys(PRODUCT_FIELDS)]))


def main(argv: list[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--products", type=int, default=1_000, help="products of the job; twenty texts each")
    parser.add_argument("--seed", type=int, default=0, help="seed of the catalogue")
    args = parser.parse_args(argv)
    judged = max(40, args.products // 4)
    with tempfile.TemporaryDirectory() as name:
        found = job(shelf(args.products, args.seed), Path(name))
        found |= keeping(shelf(judged, args.seed + 1), Path(name))
    found |= verifying(shelf(judged, args.seed + 2), shelf(judged, args.seed + 3))
    sys.stdout.write(json.dumps({name: round(value, 1) for name, value in found.items()}) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
