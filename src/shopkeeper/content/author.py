"""All texts of a product: which are due, and the changes that bring them. Computes; a writer alone may reach out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import msgspec

from shopkeeper.commerce.product import Product
from shopkeeper.content.briefs import PROMPT_VERSION, Brief
from shopkeeper.content.claim_rules import rule_files, shop_rules
from shopkeeper.content.duplicates import Texts, packed
from shopkeeper.content.facts import Facts, facts_of
from shopkeeper.content.fields import INTRO, PRODUCT_FIELDS, SEARCHED, Field
from shopkeeper.content.intro import category_facts
from shopkeeper.content.kept import REALISER, Change, KeptPiece, PieceKey, Version
from shopkeeper.content.lexicon import language_of, lexicon
from shopkeeper.content.ports import Writer
from shopkeeper.content.review import Hand, Policy, confirm, stale, written
from shopkeeper.content.style import Style
from shopkeeper.content.telling import Telling, told
from shopkeeper.content.verifier import Draft, Verdict, Verifier
from shopkeeper.content.write import Outcome, write_verified

BY_FACTS = "rule: facts"
SEEDS_TRIED = 6
"""Most texts that are tried for one that was rejected, until another comes out."""


@dataclass(frozen=True, slots=True)
class Manner:
    """How a house's texts are written and judged.

    Attributes:
        writer: The model's name; `realiser` where none writes.
        fields: Which texts a product has.
        spoken: Language of records whose texts are not per locale.
        competitors: Names no text may have.
        edits: Folder of a merchandiser's words.
        wording: The wording this is the manner of; empty = the house's own.
        claims: Folder of the shop's own claim rules.
    """

    writer: str = REALISER
    fields: tuple[Field, ...] = PRODUCT_FIELDS
    voice: str = "neutral"
    spoken: str = "en"
    style: Style = field(default_factory=Style)
    competitors: tuple[str, ...] = ()
    edits: Path | None = None
    wording: str = ""
    claims: Path | None = None

    def verifier(self) -> Verifier:
        """Return who judges. Raises ConfigError where a rule of the shop's own is wrong."""
        return Verifier(self.style, self.competitors, shop_rules(self.claims) if self.claims is not None else {})

    def rules(self, locale: str) -> str:
        """Return the version of the rules a text is judged by."""
        language = language_of(locale)
        said = msgspec.json.encode([asdict(self.style), self.competitors])
        own = [path.read_bytes() for path in rule_files(self.claims) if path.stem == language] if self.claims else []
        return _hash(_claim_rules(language), said, *own)

    def made(self, locale: str) -> str:
        """Return what a text is written with; another one writes it anew."""
        words = lexicon(language_of(locale), self.edits).version
        prompt = "" if self.writer == REALISER else PROMPT_VERSION
        return _hash(*(part.encode() for part in (self.writer, prompt, words, self.rules(locale), self.voice)))


@dataclass(frozen=True, slots=True)
class Subject:
    """A product to write about.

    Attributes:
        store: The only store its texts are for; empty = all that sell it.
        locales: In which its texts are written.
        variants: Products under it, told as facts of it.
    """

    store: str
    product: Product
    locales: tuple[str, ...]
    variants: tuple[Product, ...] = ()

    @property
    def name(self) -> str:
        """What its texts are kept under."""
        return self.product.product

    @property
    def shelf(self) -> tuple[str, tuple[str, ...]]:
        """Store and category: products of one shelf are written together and compared."""
        return self.store, self.product.categories[:1]

    def facts(self, locale: str, spoken: str) -> Facts:
        """Return what is true of it in a locale."""
        return facts_of(self.product, locale, self.variants, spoken)

    def keys(self, fields: Sequence[Field], wording: str = "") -> Iterator[PieceKey]:
        """Yield the texts it is to have."""
        for locale in self.locales:
            for name in fields:
                if name in PRODUCT_FIELDS:
                    yield PieceKey(self.store, self.product.product, locale, name, wording)


@dataclass(frozen=True, slots=True)
class Category:
    """A category to introduce.

    Attributes:
        store: The store its text is for.
        path: Its path, which its text is kept under.
        products: All that are sold in it.
    """

    store: str
    path: str
    locales: tuple[str, ...]
    products: tuple[Subject, ...]

    @property
    def name(self) -> str:
        """What its text is kept under."""
        return self.path

    @property
    def shelf(self) -> tuple[str, tuple[str, ...]]:
        """Introductions of a store are written together and compared."""
        return self.store, ("", "introductions")

    def facts(self, locale: str, spoken: str) -> Facts:
        """Return what is true of all its products in a locale."""
        return category_facts(self.path, [one.facts(locale, spoken) for one in self.products], locale)

    def keys(self, fields: Sequence[Field], wording: str = "") -> Iterator[PieceKey]:
        """Yield the texts it is to have."""
        for locale in self.locales if INTRO in fields else ():
            yield PieceKey(self.store, self.path, locale, INTRO, wording)


About = Subject | Category
"""What texts are written about."""


@dataclass(frozen=True, slots=True)
class Due:
    """A text that is to be written or judged anew.

    Attributes:
        piece: As it stands; None = there is none.
        newest, live: Its versions; None where there is none, or it is not needed.
    """

    key: PieceKey
    piece: KeptPiece | None = None
    newest: Version | None = None
    live: Version | None = None


def due_of(
    subject: About, kept: Mapping[str, KeptPiece], manner: Manner, fields: Sequence[Field]
) -> list[KeptPiece | PieceKey]:
    """Return the texts of a subject that are due: as they stand, or by key where there is none yet.

    Due is what was never written, what was written of other facts or with other words, rules or writer, and what was
    rejected; of a person's locked text, only where the facts or rules are others.

    Args:
        kept: The texts there are, by id.
    """
    found: list[KeptPiece | PieceKey] = []
    now: dict[str, tuple[str, str]] = {}
    for key in subject.keys(fields, manner.wording):
        piece = kept.get(key.id)
        if piece is None:
            found.append(key)
            continue
        if key.locale not in now:
            now[key.locale] = (subject.facts(key.locale, manner.spoken).hash, manner.made(key.locale))
        outdated = piece.state in {"stale", "retired"} and not piece.locked
        if outdated or (piece.facts_hash, piece.made) != now[key.locale]:
            found.append(piece)
    return found


@dataclass(slots=True)
class Author:
    """Writes texts that are due.

    Attributes:
        writer: The model; None = the realiser writes.
        now: When.
        who: Who ordered it.
        run: The job.
        others: What was written of other products, by field and locale.
    """

    manner: Manner
    verifier: Verifier
    writer: Writer | None
    policy: Policy
    now: datetime
    who: str
    run: str = ""
    others: dict[tuple[str, str], Texts] = field(default_factory=dict)
    _made: dict[str, tuple[str, str]] = field(default_factory=dict)

    def write(self, subject: About, due: Iterable[Due]) -> Iterator[Change]:
        """Yield the changes that bring the texts of a subject up to date."""
        by_locale: dict[str, list[Due]] = {}
        for one in due:
            by_locale.setdefault(one.key.locale, []).append(one)
        for locale, texts in by_locale.items():
            facts = subject.facts(locale, self.manner.spoken)
            telling = told(facts, lexicon(language_of(locale), self.manner.edits))
            for one in texts:
                if one.piece is not None and one.piece.locked:
                    yield self._looked_over(one, one.piece, facts)
                elif (found := self._other(one, facts, telling)) is not None:
                    yield from self._kept(one, *found, facts)

    def _other(self, one: Due, facts: Facts, telling: Telling) -> tuple[Outcome, int] | None:
        """A text and its seed; of one that was rejected another text, or None where there seems to be no other."""
        first = one.piece.seed if one.piece else 0
        refused = one.newest.text if one.newest and one.piece and not one.piece.made else None
        alike = self.others.setdefault((one.key.field, one.key.locale), Texts())
        style = self.manner.style
        if one.key.field in SEARCHED:
            style = style.about(language_of(one.key.locale), facts.categories)
        for seed in range(first, first + SEEDS_TRIED):
            brief = Brief(facts, one.key.field, one.key.locale, self.manner.voice, seed=seed, style=style)
            outcome = write_verified(brief, self.writer, self.verifier, alike, telling=telling)
            if outcome.text != refused:
                return outcome, seed
        return None

    def _kept(self, one: Due, outcome: Outcome, seed: int, facts: Facts) -> list[Change]:
        made, rules = self._versions(one.key.locale)
        piece, newest = one.piece, one.newest
        same = newest is not None and outcome.text == newest.text and outcome.publishable
        if piece is not None and same and piece.made and piece.state not in {"draft", "retired"}:
            return [confirm(piece, facts.hash, made, Hand(BY_FACTS, self.now, person=False))]
        version = version_of(outcome, piece.versions + 1 if piece else 1, self.now, self.who, rules)
        version = msgspec.structs.replace(version, run=self.run, seed=seed)
        holds = one.live is not None and judged(one.live, one.key, facts, self.verifier).passed
        return written(piece, one.key, version, made, self.policy, holds=holds)

    def _looked_over(self, one: Due, piece: KeptPiece, facts: Facts) -> Change:
        """A person's text judged by facts that are others now; it is never written over."""
        hand, newest = Hand(BY_FACTS, self.now, person=False), one.newest
        made, _ = self._versions(one.key.locale)
        if newest is not None and judged(newest, one.key, facts, self.verifier).passed:
            return confirm(piece, facts.hash, made, hand)
        holds = one.live is not None and judged(one.live, one.key, facts, self.verifier).passed
        after = stale(piece, hand, holds=holds)
        seen = msgspec.structs.replace(after.piece, facts_hash=facts.hash, made=made)
        return msgspec.structs.replace(after, piece=seen)

    def _versions(self, locale: str) -> tuple[str, str]:
        if locale not in self._made:
            self._made[locale] = (self.manner.made(locale), self.manner.rules(locale))
        return self._made[locale]


def judged(version: Version, key: PieceKey, facts: Facts, verifier: Verifier) -> Verdict:
    """Return what the verifier says of a kept version by the facts of now, strictly where a model wrote it."""
    return verifier.verify(Draft(version.text, key.field, key.locale, strict=bool(version.prompt)), facts)


def version_of(outcome: Outcome, number: int, at: datetime, who: str, rules: str) -> Version:
    """Return what was written as it is kept; what the verifier only notes is left out."""
    verdict, piece = outcome.verdict, outcome.piece
    return Version(
        version=number, at=at, text=outcome.text, html=outcome.html,
        writer=outcome.model if piece is None else REALISER, who=who, facts_hash=outcome.facts_hash,
        exit=outcome.exit, prompt=outcome.prompt, words=piece.words if piece else "", rules=rules,
        passed=verdict.passed, findings=verdict.kept,
        reasons=outcome.reasons, grounded=verdict.grounded, spans=piece.spans if piece else (), ease=verdict.ease,
        doubt=verdict.doubt, nearest=verdict.nearest, cost=outcome.cost, by_model=outcome.by_model,
        sign=b"" if verdict.sign is None else packed(verdict.sign),
    )  # fmt: skip


@lru_cache(maxsize=16)
def _claim_rules(language: str) -> bytes:
    return files("shopkeeper.content").joinpath("claim_rules", f"{language}.yaml").read_bytes()


def _hash(*parts: bytes) -> str:
    return hashlib.blake2b(b"\0".join(parts), digest_size=8).hexdigest()
