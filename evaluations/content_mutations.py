"""How many faults planted in true texts the verifier finds, by kind and language, and how often it cries wolf.

    python evaluations/content_mutations.py [--data DIR] [--every N] [--seed N]

The realiser writes the long and short description of the developers' catalogue (each N-th product) in four languages.
Each text is judged as it is (false alarms), and once with one fault of each kind it has room for: a number changed, a
value changed for another of its set, a unit changed, a claim denied, a claim added (an amount, a value, a barred claim,
a feature), a fact dropped (the sentence that says it). A fault is found when the text has one error more; a dropped
fact when it is noted as left out. The last line of stdout is one JSON document: recall {by kind and language}, planted,
numbers, overall, false_alarms, texts, verifier_per_s (CPU, records warm).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from time import process_time
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1]))  # run as a script, its own folder alone is there
from evaluations.catalogue_products import catalogue

from shopkeeper.content.claims import Claims, claims_of
from shopkeeper.content.facts import Facts, facts_of
from shopkeeper.content.fields import Field
from shopkeeper.content.realise import write_all
from shopkeeper.content.record import Record
from shopkeeper.content.senses import Lexicon, lexicon_of
from shopkeeper.content.tokens import words
from shopkeeper.content.verifier import Draft, Verdict, Verifier

FOLDER = Path(__file__).parents[2] / "shared" / "data" / "catalogue"
LANGUAGES = ("en", "de", "fr", "es")
WRITTEN: tuple[Field, ...] = ("description_short", "alt_text", "meta_description")
NUMBERS = frozenset({"number", "unit", "added_amount"})
SWAPS = (
    "cm mm, mm cm, m cm, kg g, g kg, L ml, l ml, ml l, W kW, kW W, V A, GB MB, TB GB, MB GB, MHz GHz, GHz MHz, Hz kHz, "
    "mAh Ah, Wh kWh, in cm, h min, min h, % kg, ° cm, months days, month day, years months, year month, days weeks, "
    "day week, weeks days, week day, Monate Tage, Monaten Tagen, Monat Tag, Jahre Monate, Jahren Monaten, Jahr Monat, "
    "Tage Wochen, Tagen Wochen, Wochen Tagen, Woche Tag, Zoll cm, mois jours, ans mois, an mois, jours semaines, "
    "jour semaine, semaines jours, semaine jour, pouces cm, meses días, mes día, años meses, año mes, días semanas, "
    "día semana, semanas días, semana día, pulgadas cm"
)
OTHER_UNITS: dict[str, str] = {one: other for one, _, other in (pair.partition(" ") for pair in SWAPS.split(", "))}
NOT = {"en": "not ", "de": "nicht ", "fr": "pas ", "es": "no "}
ADDED = {
    "added_amount": {
        "en": "It weighs 777 kg.", "de": "Es wiegt 777 kg.", "fr": "Il pèse 777 kg.", "es": "Pesa 777 kg.",
    },
    "added_rule": {
        "en": "The best there is.", "de": "Das beste Produkt.", "fr": "Le meilleur au monde.",
        "es": "El mejor de todos.",
    },
    "added_feature": {
        "en": "With a built-in flashlight.", "de": "Mit eingebauter Taschenlampe.", "fr": "Avec lampe torche intégrée.",
        "es": "Con linterna incorporada.",
    },
}  # fmt: skip
SETS = ("colour", "material")


class Fault(NamedTuple):
    """A text with one fault planted; `start` is where, -1 where a sentence was taken out."""

    kind: str
    text: str
    start: int


def faults(text: str, claims: Claims, record: Record, lexicon: Lexicon, random: Random) -> Iterator[Fault]:
    """Yield one fault of each kind that a plain text has room for."""
    yield from _numbers(text, claims, lexicon, random)
    yield from _values(text, claims, record, lexicon, random)
    for kind, sentences in ADDED.items():
        yield Fault(kind, f"{text} {sentences[lexicon.locale]}", len(text) + 1)
    yield from _dropped(text)


def _numbers(text: str, claims: Claims, lexicon: Lexicon, random: Random) -> Iterator[Fault]:
    places = [a for a in claims.all_amounts if claims.words[a.first].is_number and a.last > a.first and not a.upper]
    if places:
        amount = random.choice(places)
        number = claims.words[amount.first]
        changed = f"{amount.numbers[0] * random.choice((1.5, 2, 10)) + 1:.6g}"
        written = changed if lexicon.locale == "en" else changed.replace(".", ",")
        yield Fault("number", text[: number.start] + written + text[number.end :], number.start)
    units = [a for a in places if claims.words[a.last].text in OTHER_UNITS]
    if units:
        unit = claims.words[random.choice(units).last]
        yield Fault("unit", text[: unit.start] + OTHER_UNITS[unit.text] + text[unit.end :], unit.start)


def _values(text: str, claims: Claims, record: Record, lexicon: Lexicon, random: Random) -> Iterator[Fault]:
    mentions = [m for m in lexicon.mentions(claims.words) if m.senses[0].set in SETS and m.senses[0] in record.senses]
    if not mentions:
        return
    mention = random.choice(mentions)
    first, last = claims.words[mention.first], claims.words[mention.last]
    others = [
        stems[0]
        for entries in lexicon.forms.values()
        for stems, senses in entries
        if len(stems) == 1 and senses[0].set == mention.senses[0].set and not set(senses) & record.senses
    ]
    plain = sorted(
        w for w in others if len(w) > 3 and any(m.senses for m in lexicon.mentions(words(w, lexicon.locale)))
    )
    if plain:
        yield Fault("value", text[: first.start] + random.choice(plain) + text[last.end :], first.start)
        yield Fault("added_value", f"{text} {random.choice(plain).capitalize()}.", len(text) + 1)
    yield Fault("denied", text[: first.start] + NOT[lexicon.locale] + text[first.start :], first.start)


def _dropped(text: str) -> Iterator[Fault]:
    sentences = [part for part in text.split(". ") if part]
    if len(sentences) > 2:
        yield Fault("dropped", ". ".join([*sentences[:1], *sentences[2:]]), -1)


def found(before: Verdict, after: Verdict, fault: Fault) -> bool:
    """Whether a fault is found: an error more, or (a dropped fact) one more fact left out."""
    if fault.start < 0:
        return bool(_left_out(after) - _left_out(before))
    return _errors(after) > _errors(before)


def _errors(verdict: Verdict) -> int:
    return sum(finding.severity == "error" for finding in verdict.findings)


def _left_out(verdict: Verdict) -> set[str]:
    return {finding.reason for finding in verdict.findings if finding.rule == "grounding.omitted"}


def judged(
    text: str, where: Field, language: str, verifier: Verifier, facts: Facts, random: Random
) -> Iterator[tuple[Fault, Verdict]]:
    """Yield each planted fault with what the verifier says of it; a feature is judged as a model's text is."""
    lexicon = lexicon_of(language)
    record = verifier.record(facts, lexicon)
    for fault in faults(text, claims_of(text, record, lexicon), record, lexicon, random):
        strict = fault.kind == "added_feature"
        yield (
            fault,
            verifier.verify(
                Draft(fault.text, "description_short" if strict else where, language, strict=strict), facts
            ),
        )


@dataclass
class Figures:
    """What was planted and found; misses and false alarms are printed to stderr, `show` at most."""

    show: int
    said: Counter[tuple[str, str, bool]] = field(default_factory=Counter)
    texts: int = 0
    alarms: int = 0
    seconds: float = 0.0

    def add(self, text: str, where: Field, language: str, verifier: Verifier, facts: Facts, random: Random) -> None:
        """Judge a true text, then each fault planted in it."""
        before = verifier.verify(Draft(text, where, language), facts)
        began = process_time()
        verifier.verify(Draft(text, where, language), facts)
        self.seconds += process_time() - began
        self.texts += 1
        self.alarms += not before.passed
        if not before.passed:
            wrong = [(f.rule, text[f.start : f.end]) for f in before.findings if f.severity == "error"]
            self._print(f"FALSE ALARM {language} {wrong}: {text}")
        for fault, after in judged(text, where, language, verifier, facts, random):
            hit = found(before, after, fault)
            self.said[fault.kind, language, hit] += 1
            if not hit:
                self._print(f"MISSED {fault.kind} {language}: {fault.text}")

    def _print(self, line: str) -> None:
        if self.show > 0:
            self.show -= 1
            print(line, file=sys.stderr)

    def document(self) -> dict[str, Any]:
        """Return the figures of a run."""

        def recall(kinds: frozenset[str], languages: tuple[str, ...]) -> float | None:
            hits, of = (
                sum(
                    count
                    for (kind, one, hit), count in self.said.items()
                    if kind in kinds and one in languages and hit in wanted
                )
                for wanted in ((True,), (True, False))
            )
            return hits / of if of else None

        kinds = sorted({kind for kind, _, _ in self.said})
        return {
            "recall": {kind: {one: recall(frozenset({kind}), (one,)) for one in LANGUAGES} for kind in kinds},
            "planted": {kind: sum(count for (one, _, _), count in self.said.items() if one == kind) for kind in kinds},
            "numbers": recall(NUMBERS, LANGUAGES),
            "overall": recall(frozenset(kinds), LANGUAGES),
            "false_alarms": self.alarms / self.texts,
            "texts": self.texts,
            "verifier_per_s": self.texts / self.seconds,
        }


def main(argv: list[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=FOLDER)
    parser.add_argument("--every", type=int, default=3, help="judge each N-th product")
    parser.add_argument("--show", type=int, default=0, help="how many misses and false alarms to print")
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args(argv)
    try:
        products = catalogue(args.data)[:: args.every]
    except OSError as error:
        print(f"{error}. --data is the folder with the catalogue.", file=sys.stderr)
        return 2
    figures = Figures(args.show)
    for language in LANGUAGES:
        verifier = Verifier()
        for product in products:
            facts = facts_of(product, language)
            for piece in write_all(facts, language, fields=WRITTEN):
                random = Random(f"{args.seed} {piece.subject} {piece.field} {language}")  # noqa: S311 - reproducible
                figures.add(piece.text, piece.field, language, verifier, facts, random)
    sys.stdout.write(json.dumps(figures.document()) + "\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
