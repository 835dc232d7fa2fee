"""One text, from brief to verdict: write, verify, mend twice, drop what fails, and where all that fails, the realiser.

A text always comes out, whatever the writer does, and none comes out that the verifier would not pass but the
realiser's own, which says so (`Outcome.publishable`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Literal

from shopkeeper.content.briefs import LINK, PROMPT_VERSION, Brief, Rejected, rejected, shown, tellable
from shopkeeper.content.duplicates import Texts
from shopkeeper.content.facts import Facts
from shopkeeper.content.fields import Limit, limit
from shopkeeper.content.findings import Finding, Reason
from shopkeeper.content.lexicon import language_of, lexicon
from shopkeeper.content.piece import Piece
from shopkeeper.content.ports import Writer, Written
from shopkeeper.content.realise import realised
from shopkeeper.content.sheet import Sheet, sheet_of, without
from shopkeeper.content.telling import Telling, told
from shopkeeper.content.verifier import Draft, Verdict, Verifier
from shopkeeper.errors import RefusedBudget, Unavailable

Exit = Literal["first", "repaired", "sentence_dropped", "realiser"]
REPAIRS = 2
LEAST_KEPT = 0.5
"""Share of a draft's sentences that must be left once the failing ones are dropped; with fewer it is no text."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A text and how it came about.

    Attributes:
        text: As it would be published.
        html: Whether it is markup.
        exit: Which way it took: the first draft, a mended one, one without its failing sentences, or the realiser.
        verdict: What the verifier says of it.
        reasons: Why earlier drafts were not taken, in order.
        facts_hash: Of the facts it was written from.
        model, prompt: Who wrote it, and version of the prompt; empty where the realiser did.
        piece: The realiser's, with its spans; None where a model wrote.
        answers: Everything the writer answered, taken or not.
    """

    text: str
    html: bool
    exit: Exit
    verdict: Verdict
    reasons: tuple[Reason, ...]
    facts_hash: str
    model: str = ""
    prompt: str = ""
    piece: Piece | None = None
    answers: tuple[Written, ...] = ()

    @property
    def cost(self) -> float:
        """What all answers cost together, US dollars."""
        return sum(answer.cost for answer in self.answers)

    @property
    def publishable(self) -> bool:
        """Whether nothing bars it. Only a text of the realiser can be barred, as by a store's banned words."""
        return self.verdict.passed

    @property
    def by_model(self) -> bool:
        """Whether a model wrote it, which some channels must be told."""
        return self.piece is None


def write_verified(
    brief: Brief,
    writer: Writer | None,
    verifier: Verifier,
    others: Texts | None = None,
    edits: Path | None = None,
    telling: Telling | None = None,
) -> Outcome:
    """Return a text for a brief, by a model where its text holds, else by the realiser.

    Args:
        brief: What is to be written; `before` is ignored.
        writer: The model; None = the realiser writes.
        verifier: Judges; a model's text strictly, and by the facts that are no prose.
        others: Texts of other products of the category and field; the one that comes out is added.
        edits: A merchandiser's words for the realiser.
        telling: The brief's facts in words, where they were put so for another field already; `edits` is ignored then.
    """
    found, reasons, answers, stated = None, tuple[Reason, ...](), tuple[Written, ...](), brief.facts.hash
    if writer is not None:
        drafting = _Drafting(brief, verifier, tellable(brief.facts))
        found = drafting.run(writer)
        reasons, answers = tuple(drafting.reasons), tuple(drafting.took)
    if found is not None:
        sheet, way = found
        verdict = verifier.verify(drafting.draft(sheet), drafting.told, others)
        return Outcome(
            sheet.text, bool(sheet.tag), way, verdict, reasons, stated, answers[-1].model, PROMPT_VERSION,
            answers=answers,
        )  # fmt: skip
    if telling is None:
        telling = told(brief.facts, lexicon(language_of(brief.locale), edits))
    piece = realised(telling, brief.field, brief.locale, brief.voice, brief.seed, brief.channel)
    draft = Draft(piece.text, brief.field, brief.locale, brief.channel, must_say=brief.must_say)
    verdict = verifier.verify(draft, brief.facts, others)
    return Outcome(piece.text, piece.html, "realiser", verdict, reasons, stated, piece=piece, answers=answers)


@dataclass(slots=True)
class _Drafting:
    """The drafts of one brief."""

    brief: Brief
    verifier: Verifier
    told: Facts
    took: list[Written] = field(default_factory=list)
    reasons: list[Reason] = field(default_factory=list)
    _asked: int = 0

    def run(self, writer: Writer) -> tuple[Sheet, Exit] | None:
        if unseen := self._unseen():
            self._because("writer.not_shown", f"{', '.join(unseen)} must be said, but no model is shown it.")
            return None
        asked = replace(self.brief, before=None)
        failed: list[tuple[Sheet, list[Finding]]] = []
        for _ in range(1 + REPAIRS):
            written = self._written(writer, asked)
            if written is None:
                break
            if not written.parts:
                self._because("writer.unreadable", written.fault)
                continue
            if endless := self._endless(written):
                self._because("writer.endless", endless)
                asked = replace(self.brief, before=Rejected("", (("", endless),)))
                continue
            sheet = sheet_of(written.parts, self.brief.field, self._bounds)
            if any(sheet == earlier for earlier, _ in failed):
                break  # it was told what fails and says it again
            errors = self._errors(sheet)
            if not errors:
                return sheet, "repaired" if asked.before else "first"
            self._note(sheet, errors)
            failed.append((sheet, errors))
            asked = replace(self.brief, before=rejected(sheet.text, errors))
        for sheet, errors in reversed(failed):
            if (rest := self._shortened(sheet, errors)) is not None:
                return rest, "sentence_dropped"
        return None

    def _unseen(self) -> list[str]:
        due = [fact for fact in self.brief.facts.facts if {fact.name, fact.concept} & set(self.brief.must_say)]
        seen = shown(self.brief.facts)
        return [fact.label for fact in due if fact not in seen]

    def draft(self, sheet: Sheet) -> Draft:
        brief = self.brief
        return Draft(sheet.text, brief.field, brief.locale, brief.channel, strict=True, must_say=brief.must_say)

    def _written(self, writer: Writer, asked: Brief) -> Written | None:
        self._asked += 1
        try:
            written = writer.write(asked)
        except Unavailable as error:
            self._because("writer.unavailable", str(error))
        except RefusedBudget as error:
            self._because("writer.budget", str(error))
        except Exception as error:  # noqa: BLE001 - a writer of somebody else may break its laws; the realiser writes
            self._because("writer.failed", repr(error))
        else:
            self.took.append(written)
            return written
        return None

    @property
    def _bounds(self) -> Limit:
        return limit(self.brief.field, self.brief.channel)

    def _endless(self, written: Written) -> str:
        """What to say of a text so long that reading it would be of no use; empty of others."""
        length, allowed = sum(map(len, written.parts)), self._bounds.characters
        return f"{length} characters, {allowed} allowed; it was not read." if length > 3 * allowed + 300 else ""

    def _errors(self, sheet: Sheet) -> list[Finding]:
        verdict = self.verifier.verify(self.draft(sheet), self.told)
        errors = [found for found in verdict.findings if found.severity == "error"]
        for link in LINK.finditer(sheet.text):
            reason = f"`{link.group()}` is an address."
            errors.append(Finding("writer.link", link.start(), link.end(), reason, "Leave it out."))
        if not verdict.grounded:
            reason = "It says nothing that the record says."
            errors.append(Finding("writer.says_nothing", 0, len(sheet.text), reason, "Tell the facts of the record."))
        return errors

    def _shortened(self, sheet: Sheet, errors: Sequence[Finding]) -> Sheet | None:
        """The draft without failing sentences, again until nothing fails; None where too little is left."""
        left: Sheet | None = sheet
        while errors:
            left = without(left, errors) if left is not None else None
            if left is None or len(left.places) < LEAST_KEPT * len(sheet.places):
                return None
            errors = self._errors(left)
        return left

    def _note(self, sheet: Sheet, errors: Sequence[Finding]) -> None:
        self.reasons.extend(
            Reason(self._asked, one.rule, sheet.text[one.start : one.end], one.reason) for one in errors
        )

    def _because(self, rule: str, why: str) -> None:
        self.reasons.append(Reason(self._asked, rule, "", why))
