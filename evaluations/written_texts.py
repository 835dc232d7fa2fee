"""What the realiser writes of a real catalogue: faults of length and markup, near-duplicates, time, samples to read.

    python evaluations/written_texts.py --catalogue DIR [--show N] [--seed N]

Every product of the folder (`catalogue_products.py`) is written in four languages and all fields. Near-duplicates are
texts of one field, language and category whose five-letter pieces overlap by more than 0.8 (Jaccard) once names and
numbers are masked; titles, subjects and headlines are little else than names, so only running text is compared.
`--show N` prints N products a language to read. The last line of stdout is one JSON document.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections import Counter, defaultdict
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from random import Random
from time import process_time

from shopkeeper.commerce.product import Product
from shopkeeper.content.concepts import LANGUAGES
from shopkeeper.content.facts import Facts, facts_of
from shopkeeper.content.fields import limit
from shopkeeper.content.lexicon import lexicon
from shopkeeper.content.piece import Piece
from shopkeeper.content.realise import write_all
from shopkeeper.content.telling import told

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script, its own folder alone is there
from evaluations.catalogue_products import catalogue

RUNNING = ("description_short", "description_long", "bullets", "meta_description")
MARKUP = re.compile(r"(?:<p>[^<>]+</p>|<ul>(?:<li>[^<>]+</li>)+</ul>)+")
NEAR = 0.8


def main(argv: list[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--catalogue", type=Path, required=True, help="folder with the three .jsonl files")
    parser.add_argument("--show", type=int, default=0, help="how many products a language to print")
    parser.add_argument("--seed", type=int, default=0, help="seed of the texts and of what is shown")
    args = parser.parse_args(argv)
    try:
        products = catalogue(args.catalogue)
    except OSError as error:
        print(f"{error}. The folder needs icecat_sample.jsonl and its two neighbours.", file=sys.stderr)
        return 2
    show(products, args.show, args.seed)
    document = measured(products, args.seed)
    sys.stdout.write(json.dumps(document) + "\n")
    return 0 if document["faults"] == 0 else 1


def measured(products: list[Product], seed: int) -> dict[str, float]:
    """Figures of all texts of all products."""
    faults = pieces = 0
    masked: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    left_out: Counter[str] = Counter()
    began = process_time()
    written = [
        (product, facts, write_all(facts, language, seed=seed))
        for language in LANGUAGES
        for product in products
        for facts in (facts_of(product, language),)
    ]
    seconds = process_time() - began
    for product, facts, texts in written:
        left_out.update(texts[0].left_out)
        for piece in texts:
            pieces += 1
            faults += faulty(piece)
            if piece.field in RUNNING:
                group = (piece.field, piece.locale, product.categories[0] if product.categories else "")
                masked[group].append(_masked(piece, facts))
    near = [_near(texts) for texts in masked.values()]
    return {
        "products": len(products),
        "pieces": pieces,
        "faults": faults,
        "near_duplicate_pieces": sum(found for found, _, _ in near) / sum(map(len, masked.values())),
        "near_duplicate_pairs": sum(alike for _, alike, _ in near) / max(1, sum(pairs for _, _, pairs in near)),
        "cpu_us_per_piece": 1e6 * seconds / pieces,
        "facts_without_words": len(left_out),
    }


def faulty(piece: Piece) -> bool:
    """Whether a text breaks its limit, its markup, or shows a slot, a doubled space or a doubled word."""
    bounds = limit(piece.field)
    if bounds.html and (not MARKUP.fullmatch(piece.text) or len(piece.plain) > bounds.characters):
        return True
    if not bounds.html and not bounds.holds(piece.text):
        return True
    return not piece.text or re.search(r"  |\.\.|[{}]| ,| \.|\b(\w{3,}) \1\b", piece.plain) is not None


def show(products: list[Product], most: int, seed: int) -> None:
    """Print what was written of a few products, for people."""
    for language in LANGUAGES if most else ():
        for product in Random(seed).sample(products, most):  # noqa: S311 - a choice to read
            print(f"\n{language} {product.product} {product.title}")
            for piece in write_all(facts_of(product, language), language, seed=seed):
                print(f"  {piece.field:18} {piece.text}")


def _masked(piece: Piece, facts: Facts) -> str:
    name = told(facts, lexicon(piece.locale)).name
    text = piece.plain
    for known in (facts.said("title"), name, facts.said("brand")):
        text = text.replace(known, "N") if known else text
    return re.sub(r"\d+(?:[.,]\d+)*", "#", text)


def _near(texts: list[str]) -> tuple[int, int, int]:
    """How many texts have a near-duplicate, how many pairs are such, and how many pairs there are."""
    sets = [set(_grams(text)) for text in texts]
    alike = [
        (one, other)
        for one, other in combinations(range(len(sets)), 2)
        if len(sets[one] & sets[other]) > NEAR * len(sets[one] | sets[other])
    ]
    return len({place for pair in alike for place in pair}), len(alike), len(sets) * (len(sets) - 1) // 2


def _grams(text: str) -> Iterator[str]:
    return (text[at : at + 5] for at in range(max(1, len(text) - 4)))


if __name__ == "__main__":
    raise SystemExit(main())
