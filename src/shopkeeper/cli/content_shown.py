"""Texts and their states as `shopkeeper content` prints them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from shopkeeper.jobs.ports import Document

if TYPE_CHECKING:
    from shopkeeper.content.kept import KeptPiece, Step, Version
    from shopkeeper.content.people_time import TimeSaved
    from shopkeeper.content.report import ContentReport, Share, Spread
    from shopkeeper.wiring.content_orders import Estimate
    from shopkeeper.wiring.content_watch import LookedOver

_SHOWN = 60


def due_words(found: Estimate) -> str:
    """Return what an order would do, for people."""
    lines = [f"{found.texts:,} texts of {found.products:,} products are due; all others are up to date."]
    lines += [f"  {name:<20}{count:>9,}" for name, count in found.by_field.items()]
    if found.writer == "realiser":
        lines.append("The realiser writes; it costs nothing.")
    else:
        lines.append(
            f"{found.writer} writes: about ${found.dollars:,.2f} if all first drafts hold, never more than "
            f"${found.dollars_most:,.2f}; its calls take at least {found.calls_minutes:,.0f} min a process."
        )
    return "\n".join([*lines, *_without_words(found.locales_without_words)])


def written_words(document: Document) -> str:
    """Return what a job came to, for people."""
    states = ", ".join(f"{count:,} {name}" for name, count in sorted(document["states"].items())) or "none"
    lines = [
        f"{document['texts_written']:,} texts written for {document['products_done']:,} of "
        f"{document['products']:,} products{_and_categories(document)}, ${document['dollars']:,.2f}.",
        f"All texts now: {states}.",
    ]
    if document["stopped"]:
        lines.append(f"Stopped: {document['stopped']}. The same command goes on with another --budget.")
    if document["changed_meanwhile"]:
        lines.append(f"{document['changed_meanwhile']:,} were changed by people meanwhile and left as they are.")
    lines += _without_words(document["locales_without_words"])
    if document["states"].get("checked"):
        lines.append("What waits: `shopkeeper content list`, or the page Content of the control room.")
    return "\n".join(lines)


def _and_categories(document: Document) -> str:
    return f" and {document['categories']:,} categories" if document["categories"] else ""


def looked_over_words(found: LookedOver) -> str:
    """Return what a look over all texts found, for people."""
    lines = [
        f"{found.texts:,} texts looked over: {found.stale:,} became stale, {found.retired:,} were retired, "
        f"{found.confirmed:,} typed ones are true of changed facts too, {len(found.taken_down):,} were taken down."
    ]
    lines += [f"  taken down: {one}" for one in found.taken_down[:20]]
    if len(found.taken_down) > 20:
        lines.append(f"  and {len(found.taken_down) - 20:,} more (--json has all)")
    return "\n".join(lines)


def list_words(found: Sequence[KeptPiece], versions: Mapping[str, Version], counts: Mapping[Any, int]) -> str:
    """Return texts as a table."""
    total = ", ".join(f"{count:,} {name}" for name, count in sorted(counts.items()))
    if not counts:
        return "There are no texts yet; write some with `shopkeeper content generate`."
    if not found:
        return f"None of these. All texts: {total}."
    lines = [f"{'id':<22}{'product':<18}{'locale':<8}{'field':<18}{'state':<11}text"]
    for one in found:
        state = "audit" if one.audit else one.state
        text = " ".join(versions[one.id].text.split())[:_SHOWN]
        wording = f"[{one.wording}] " if one.wording else ""
        lines.append(f"{one.id:<22}{one.product[:17]:<18}{one.locale:<8}{one.field:<18}{state:<11}{wording}{text}")
    return "\n".join([*lines, "", f"All texts: {total}."])


def show_words(kept: KeptPiece, newest: Version, versions: Sequence[Version], steps: Sequence[Step]) -> str:
    """Return one text with all that happened to it, for people."""
    place = (kept.store or "every store") + (f", wording {kept.wording}" if kept.wording else "")
    lines = [
        f"{kept.field} of {kept.product} in {kept.locale}, {place}: {kept.state}, version {kept.version} by "
        f"{newest.writer}{', locked' if kept.locked else ''}; published: version {kept.live or 'none'}.",
        "", newest.text, "",
    ]  # fmt: skip
    lines += [f"  {newest.text[one.start : one.end]!r} says {one.fact} ({one.source})" for one in newest.spans]
    lines += [f"  {one.severity} {one.rule}: {one.reason} {one.remedy}" for one in newest.findings]
    lines += [f"  a draft was not taken, {one.rule}: {one.why}" for one in newest.reasons]
    lines += ["", *(f"  version {one.version} of {one.at:%Y-%m-%d %H:%M} by {one.writer}" for one in versions), ""]
    lines += [f"  {one.at:%Y-%m-%d %H:%M}  {one.act:<8} {one.who}  {one.reason}".rstrip() for one in steps]
    return "\n".join(lines)


def did_words(kept: KeptPiece) -> str:
    """Return how a text stands after a step, for people."""
    live = f"version {kept.live} is published" if kept.live else "none of its versions is published"
    return f"Text {kept.id} is {kept.state}{', locked' if kept.locked else ''}; {live}."


def report_words(found: ContentReport, days: float) -> str:
    """Return a report for people."""
    if not found.written and not found.acceptance.of:
        return f"Nothing was written or judged in the last {days:g} days; `shopkeeper content generate` writes."
    lines = [
        f"{found.written:,} texts written in the last {days:g} days.", "",
        _share("first draft passed", found.first_pass),
        _share("mended or shortened", found.repaired),
        _share("written by the realiser instead", found.fallback),
        _share("accepted as they were by people", found.acceptance),
        _share("wrong though a rule had approved", found.escaped),
        f"  {found.edits:,} edits, {found.rejections:,} rejections"
        + (f"; edits changed {found.edited_words:.0%} of the words" if found.edited_words is not None else ""),
        _time(found),
        f"  ${found.dollars:,.2f}"
        + (f", ${found.dollars_per_accepted:,.4f} an accepted text" if found.dollars_per_accepted is not None else ""),
        "", f"{'text':<28}{'n':>7}  {'characters 10%-50%-90%':<26}reading ease",
    ]  # fmt: skip
    for name, length in found.length.items():
        ease = _spread(found.ease[name]) if name in found.ease else "-"
        lines.append(f"{name:<28}{length.n:>7,}  {_spread(length):<26}{ease}")
    for one in found.drift:
        word = "worse" if one.alert else "no worse"
        where = f"{one.locale}, wording {one.wording}" if one.wording else one.locale
        sure = f"{one.low:+.1%} to {one.high:+.1%}"
        lines.append(
            f"{one.what.replace('_', ' ')} of {one.writer} in {where}: {one.difference:+.1%} ({sure}) "
            f"since the last change, {one.new:,} texts against {one.old:,}: {word}"
        )
    return "\n".join(lines)


def category_words(found: ContentReport) -> str:
    """Return how even texts are within each category, for people."""
    lines = [f"{'category and text':<60}{'n':>7}  {'characters 10%-50%-90%':<26}reading ease"]
    for category, names in found.by_category.items():
        lines.append(category or "(no category)")
        lines += [
            f"  {name:<58}{one.length.n:>7,}  {_spread(one.length):<26}{_spread(one.ease)}"
            for name, one in names.items()
        ]
    return "\n".join(lines)


def _share(what: str, one: Share) -> str:
    if one.share is None:
        return f"  {what:<34}nothing to count"
    return f"  {what:<34}{one.share:>6.1%} ({one.low:.1%} to {one.high:.1%}) of {one.of:,}"


def _spread(one: Spread) -> str:
    return "-" if one.low is None else f"{one.low:.0f} - {one.middle:.0f} - {one.high:.0f}"


def _time(found: ContentReport) -> str:
    if found.seconds_per_accepted is None:
        return "  no time was measured; the page Content measures it"
    return f"  {found.seconds_per_accepted:.1f} s of people's time an accepted text{_saved(found.time_saved)}"


def _saved(saved: TimeSaved | None) -> str:
    if saved is None:
        return ""
    less = f", {saved.share:.0%} less than typing by hand"
    if saved.low is None:
        return f"{less} (too few were timed to say how sure that is)"
    goal = {True: "is reached", False: "is missed", None: "is not shown yet"}[saved.reached]
    return f"{less} ({saved.low:.0%} to {saved.high:.0%}); the goal of {saved.goal:.0%} {goal}"


def piece_document(kept: KeptPiece, version: Version) -> dict[str, Any]:
    """Return one text for machines."""
    return {
        "id": kept.id, **kept.key._asdict(), "state": kept.state, "version": kept.version, "live": kept.live or None,
        "locked": kept.locked, "audit": kept.audit, "revision": kept.revision,
        "updated_at": kept.updated_at.isoformat(timespec="seconds"), **version_document(version),
    }  # fmt: skip


def version_document(version: Version) -> dict[str, Any]:
    """Return one version for machines."""
    import msgspec

    found: dict[str, Any] = msgspec.to_builtins(version)
    return found | {"findings": [one._asdict() for one in version.findings]}


def step_document(step: Step) -> dict[str, Any]:
    """Return one step for machines."""
    import msgspec
    from msgspec.structs import replace

    found: dict[str, Any] = msgspec.to_builtins(replace(step, before=None))
    return found


def _without_words(locales: Sequence[str]) -> list[str]:
    return [f"Nothing can be written in {', '.join(locales)}: there are no words for it."] if locales else []
