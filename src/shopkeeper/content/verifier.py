"""The verifier: judges every text before it is published, whoever wrote it. How to read it: docs/guides/verifier.md."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from shopkeeper.content.backing import statements_of
from shopkeeper.content.claim_rules import ClaimRule, ClaimRules, rules_of
from shopkeeper.content.claims import Claims
from shopkeeper.content.doubt import doubt, frame_words, unbacked
from shopkeeper.content.duplicates import FEWEST_WORDS, Signature, Texts, masked, signature, too_alike
from shopkeeper.content.evidence import record_of
from shopkeeper.content.facts import Facts
from shopkeeper.content.fields import SEARCHED, Field, limit
from shopkeeper.content.findings import PLACE, Finding
from shopkeeper.content.grounding import Grounding, ground
from shopkeeper.content.lengths import length_findings
from shopkeeper.content.markup import markup_findings, plain_findings, without_markup
from shopkeeper.content.readability import reading_ease
from shopkeeper.content.record import Record, silence
from shopkeeper.content.senses import Lexicon, lexicon_of
from shopkeeper.content.speech import other_language
from shopkeeper.content.style import KEYWORD, Style, style_findings
from shopkeeper.content.tokens import Word, fold, language_of, words

RECORDS_KEPT = 4_096

COMPETITOR = ClaimRule(
    "claims.competitor", "another company is named", "Leave the name out; comparative advertising needs a lawyer."
)


@dataclass(frozen=True, slots=True)
class Draft:
    """A text to be judged.

    Attributes:
        text: As it would be published.
        field: Which text it is; decides lengths and markup.
        locale: Language and country it is written in.
        channel: Where it goes (`fields.CHANNELS`).
        strict: Whether words that no fact and no plain word backs are errors: for texts of a model. Else warnings.
        must_say: Names or concepts of facts that may not be left out.
    """

    text: str
    field: Field
    locale: str
    channel: str = "shop"
    strict: bool = False
    must_say: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the verifier found.

    Attributes:
        findings: In order of place.
        grounded: Places (start, end) of claims that facts back.
        doubt: 0 = each word is backed and all is told; ranks texts for review, no gate.
        ease: Reading ease; None for short texts.
        nearest: The most similar text of another product and how similar, where one was looked for and found.
        sign: What it is compared by; None where it was compared with none.
    """

    findings: tuple[Finding, ...]
    grounded: tuple[tuple[int, int], ...]
    doubt: float
    ease: float | None
    nearest: tuple[str, float] | None = None
    sign: Signature | None = None

    @property
    def passed(self) -> bool:
        """Whether nothing bars publishing."""
        return all(finding.severity != "error" for finding in self.findings)

    @property
    def kept(self) -> tuple[Finding, ...]:
        """What is kept with a text: errors, warnings, and the keywords it lacks."""
        return tuple(one for one in self.findings if one.severity != "note" or one.rule == KEYWORD)


@dataclass(slots=True)
class Verifier:
    """Judges texts by facts and a store's rules; one object for many texts, not for several threads at once.

    Attributes:
        style: What the store asks of its texts.
        competitors: Names no text may have.
        rules: Rules by language in place of the shipped ones.
    """

    style: Style = field(default_factory=Style)
    competitors: tuple[str, ...] = ()
    rules: Mapping[str, ClaimRules] = field(default_factory=dict)
    _records: OrderedDict[tuple[str, str, str], Record] = field(default_factory=OrderedDict)
    _rules: dict[str, ClaimRules] = field(default_factory=dict)

    def verify(self, draft: Draft, facts: Facts, others: Texts | None = None) -> Verdict:
        """Return what is found in a text.

        Args:
            draft: The text.
            facts: What is true of its product.
            others: Texts of other products of its category and field; a passing text is added to them.
        """
        language = language_of(draft.locale)
        lexicon = lexicon_of(language)
        record = self.record(facts, lexicon)
        bounds = limit(draft.field, draft.channel)
        plain = without_markup(draft.text) if bounds.html else draft.text
        found = ground(plain, record, lexicon)
        ease = reading_ease(found.claims.words, language)
        due = _due(draft, facts) if draft.must_say else frozenset()
        findings = list(found.findings)
        if due:
            findings = [f._replace(severity="error") if f.reason in due else f for f in findings]
        findings += self._claims(plain, found.claims, record, facts, language)
        findings += length_findings(draft.text, plain, bounds)
        findings += markup_findings(draft.text) if bounds.html else plain_findings(draft.text)
        style = self.style.about(language, facts.categories) if draft.field in SEARCHED else self.style
        findings += style_findings(plain, found.claims.words, _names(found.claims, record), style, language)
        strange = unbacked(found.claims, record, lexicon)
        findings += _unbacked(strange, found, draft)
        findings += _readable(ease, draft, self.style)
        findings += other_language(found.claims.words, found.claims.quoted, language, len(draft.text))
        nearest, sign = None, None
        shown = masked(found.claims) if others is not None else []
        if others is not None and len(shown) - shown.count("#") >= FEWEST_WORDS:
            sign = signature(shown)
            nearest = others.nearest(sign, facts.subject)
            findings += too_alike(nearest, len(draft.text))
            others.add(facts.subject, sign)
        return Verdict(
            tuple(sorted(findings, key=PLACE)), found.grounded,
            doubt(plain, found, record, lexicon, strange), ease, nearest, sign,
        )  # fmt: skip

    def record(self, facts: Facts, lexicon: Lexicon) -> Record:
        """Return the compiled record of a product, kept by the hash of its facts."""
        key = (facts.hash, facts.subject, lexicon.locale)
        record = self._records.get(key)
        if record is None:
            record = self._records[key] = record_of(statements_of(facts, lexicon.locale), lexicon)
            if len(self._records) > RECORDS_KEPT:
                self._records.popitem(last=False)
        else:
            self._records.move_to_end(key)
        return record

    def _claims(self, plain: str, claims: Claims, record: Record, facts: Facts, language: str) -> Iterable[Finding]:
        rules = self._rules.get(language)
        if rules is None:
            rules = self.rules.get(language) or rules_of(language)
            rules = self._rules[language] = rules.with_names(COMPETITOR, self.competitors)
        named = (fact.value.text for fact in facts.facts if fact.name == "category")
        categories = frozenset(word.folded for path in named for word in words(fold(path), language))
        return rules.findings(claims, record, plain, categories)


def _due(draft: Draft, facts: Facts) -> frozenset[str]:
    """Return what would be said of the facts a draft must say, if it left them out."""
    return frozenset(
        silence(fact.label, fact.value.text)
        for fact in facts.facts
        if fact.name in draft.must_say or fact.concept in draft.must_say
    )


def _names(claims: Claims, record: Record) -> frozenset[int]:
    """Return the words that are the record's as they stand: what it quotes, and its codes in capitals."""
    return claims.quoted.union(
        [i for i, word in enumerate(claims.words) if word.text.isupper() and record.backs(word.stem)]
    )


def _unbacked(strange: Sequence[Word], found: Grounding, draft: Draft) -> Iterator[Finding]:
    judged = {f.start for f in found.findings}
    frames = frame_words(language_of(draft.locale))
    for word in strange:
        if word.start not in judged and word.stem not in frames:
            yield Finding(
                "grounding.unbacked", word.start, word.end, f"No fact and no plain word backs `{word.text}`.",
                "Leave it out, or add it to the record or the store's words.", "error" if draft.strict else "note",
            )  # fmt: skip


def _readable(ease: float | None, draft: Draft, style: Style) -> Iterator[Finding]:
    if ease is not None and ease < style.least_ease:
        yield Finding(
            "style.ease", 0, len(draft.text), f"Reading ease {ease:.0f}, at least {style.least_ease:.0f} is asked.",
            "Use shorter sentences and words.", "warning",
        )  # fmt: skip
