"""Claims a text may not make, or only where a fact backs them: rule files by language, and a shop's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from shopkeeper.content.claims import Claims
from shopkeeper.content.concepts import LANGUAGES
from shopkeeper.content.findings import Finding, Severity
from shopkeeper.content.record import Record
from shopkeeper.content.tokens import Word, fold, language_of, words
from shopkeeper.errors import ConfigError
from shopkeeper.objectives.yaml_lines import read_document

SEVERITIES = ("error", "warning", "note")
KEYS = frozenset({"id", "phrases", "backed_by", "categories", "severity", "reason", "remedy"})


@dataclass(frozen=True, slots=True)
class ClaimRule:
    """One rule.

    Attributes:
        id: Dotted id, such as `claims.green`.
        reason, remedy: What is wrong with such a claim, and what to do instead.
        severity: `error` bars publishing.
        backed_by: Names of attributes (as words) of which one must be in the record for the claim to stand.
        categories: Words of categories the rule is for; empty is all.
    """

    id: str
    reason: str
    remedy: str
    severity: Severity = "error"
    backed_by: tuple[frozenset[str], ...] = ()
    categories: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Phrase:
    """Folded words of a phrase, the last of which may be open (`umweltfreundlich*`), and the rule that bars it."""

    parts: tuple[str, ...]
    open: bool
    rule: ClaimRule

    def stands_at(self, found: Sequence[Word], at: int) -> bool:
        here = found[at : at + len(self.parts)]
        if len(here) < len(self.parts) or any(
            word.folded != part for word, part in zip(here[:-1], self.parts[:-1], strict=True)
        ):
            return False
        last, part = here[-1].folded, self.parts[-1]
        return last.startswith(part) if self.open else last == part


@dataclass(frozen=True, slots=True)
class ClaimRules:
    """Rules of one language, found by the first letters of their phrases."""

    language: str
    phrases: Mapping[str, tuple[Phrase, ...]]

    def with_names(self, rule: ClaimRule, names: Iterable[str]) -> ClaimRules:
        """Return these rules and one that bars names: competitors, or words a shop never uses."""
        return ClaimRules(self.language, _merged(self.phrases, [(name, rule) for name in names], self.language))

    def with_rules(self, others: ClaimRules) -> ClaimRules:
        """Return these rules and others of the same language."""
        pairs = {key: (*self.phrases.get(key, ()), *held) for key, held in others.phrases.items()}
        longest = {key: tuple(sorted(held, key=lambda one: -len(one.parts))) for key, held in pairs.items()}
        return ClaimRules(self.language, {**self.phrases, **longest})

    def findings(self, claims: Claims, record: Record, text: str, categories: frozenset[str]) -> Iterable[Finding]:
        """Yield a finding for each barred phrase of a text; names and values of the record are quoted, not claimed."""
        place = [i for i, word in enumerate(claims.words) if not word.is_sign or word.text == "%"]
        row = [claims.words[i] for i in place]
        behind = 0
        for at in [i for i, word in enumerate(row) if word.folded[:KEY] in self.phrases]:
            phrase = self._at(row, at, categories) if at >= behind else None
            if phrase is None:
                continue
            last = at + len(phrase.parts) - 1
            places = range(place[at], place[last] + 1)
            if not all(i in claims.quoted for i in places) and not _backed(phrase.rule, record):
                start, end = row[at].start, row[last].end
                yield Finding(
                    phrase.rule.id, start, end, f"`{text[start:end]}`: {phrase.rule.reason}.", phrase.rule.remedy,
                    phrase.rule.severity,
                )  # fmt: skip
            behind = last + 1

    def _at(self, row: Sequence[Word], at: int, categories: frozenset[str]) -> Phrase | None:
        for phrase in self.phrases.get(row[at].folded[:KEY], ()):
            of = phrase.rule.categories
            if phrase.stands_at(row, at) and (not of or of & categories):
                return phrase
        return None


KEY = 3  # letters phrases are found by


def _backed(rule: ClaimRule, record: Record) -> bool:
    """Whether the record has, and does not deny, an attribute that backs a rule's claims."""
    return any(
        of.polarity is not False and any(named <= of.names for named in rule.backed_by) for of in record.evidence
    )


@cache
def rules_of(locale: str) -> ClaimRules:
    """Return the shipped rules of a locale's language, read once."""
    language = language_of(locale)
    file = files("shopkeeper.content").joinpath("claim_rules", f"{language}.yaml")
    return rules_from(read_document(file.read_text("utf-8"), file.name), language, file.name)


def shop_rules(folder: Path) -> dict[str, ClaimRules]:
    """Return the rules that ship and those of a shop's own files (`en.yaml` ...), of languages it has one for.

    Read again once a file has changed.

    Raises:
        ConfigError: a file is no YAML, or a rule in it is wrong; names it.
    """
    return {path.stem: _own(path, path.stat().st_mtime_ns) for path in rule_files(folder)}


def rule_files(folder: Path) -> list[Path]:
    """Return the files of a shop's own rules, in the order of languages."""
    return [path for language in LANGUAGES if (path := folder / f"{language}.yaml").is_file()]


@lru_cache(maxsize=16)
def _own(path: Path, changed: int) -> ClaimRules:  # noqa: ARG001 - a key
    document = read_document(path.read_text("utf-8"), str(path))
    return rules_of(path.stem).with_rules(rules_from(document, path.stem, str(path)))


def rules_from(document: Any, language: str, where: str) -> ClaimRules:  # noqa: ANN401 - a file as YAML has it
    """Return the rules a document describes.

    Raises:
        ConfigError: a rule without id, phrases, reason or remedy, or with a key nobody knows.
    """
    pairs: list[tuple[str, ClaimRule]] = []
    for place, row in enumerate(document or ()):
        missing = [key for key in ("id", "phrases", "reason", "remedy") if not row.get(key)]
        unknown = sorted(set(row) - KEYS)
        severity = row.get("severity", "error")
        if missing or unknown or severity not in SEVERITIES:
            wrong = f"lacks {missing}" if missing else f"has {unknown or severity!r}"
            raise ConfigError(f"Rule {place + 1} of {where} {wrong}.", f"A rule has {sorted(KEYS)}.")
        rule = ClaimRule(
            row["id"], row["reason"], row["remedy"], severity,
            tuple(_named(str(name), one) for name in row.get("backed_by", ()) for one in {language, "en"}),
            frozenset(fold(str(name)) for name in row.get("categories", ())),
        )  # fmt: skip
        pairs.extend((str(phrase), rule) for phrase in row["phrases"])
    return ClaimRules(language, _merged({}, pairs, language))


def _named(name: str, language: str) -> frozenset[str]:
    return frozenset(word.stem for word in words(name, language))


def _merged(
    old: Mapping[str, tuple[Phrase, ...]], pairs: Iterable[tuple[str, ClaimRule]], language: str
) -> dict[str, tuple[Phrase, ...]]:
    by: dict[str, list[Phrase]] = {key: list(held) for key, held in old.items()}
    for written, rule in pairs:
        parts = tuple(w.folded for w in words(written.rstrip("*"), language) if not w.is_sign or w.text == "%")
        if parts:
            by.setdefault(parts[0][:KEY], []).append(Phrase(parts, written.endswith("*"), rule))
    return {key: tuple(sorted(held, key=lambda phrase: -len(phrase.parts))) for key, held in by.items()}
