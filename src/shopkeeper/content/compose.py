"""Each field of a product, built from sentences so that it fits: facts are chosen to the length, no word is cut."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter

from shopkeeper.content.fields import Field, Limit
from shopkeeper.content.frames import Frame, Part, capital
from shopkeeper.content.join import joined
from shopkeeper.content.sentences import Narrator, Parts, without_stop
from shopkeeper.content.telling import Said, Telling, holds, repeats

Blocks = list[tuple[str, Parts]]
"""Blocks of a text: `p` and `li` for markup, `` for a plain line."""

_SHORT_FACTS = 3
_LEAD_FACTS = 6
_LISTED_FACTS = 8
_COMPACT_FACTS = 3
_TITLE_FACTS = 2
_INTRO_FACTS = 4
_ORDER_SPREAD = 30
"""How far apart in weight two facts may be and still change places by chance."""
_COMPACT_VALUE = 40
_PLAIN_VALUES = frozenset(
    {"colour", "material", "display_diagonal", "processor", "operating_system", "flavour", "scent", "dimensions"}
)
"""Concepts whose value alone says what it is: `black`, not `wall`."""


def composed(field: Field, narrator: Narrator, limit: Limit) -> Blocks:
    """The blocks of one field."""
    return _COMPOSERS[field](narrator, limit)


def _title(narrator: Narrator, limit: Limit) -> Blocks:
    telling = narrator.telling
    title = telling.facts.named("title")
    brand = telling.facts.named("brand")
    full: Parts = [Part(telling.full_name, title)]
    if brand is not None and not holds(telling.full_name, brand.value.text):
        full = [Part(brand.value.text, brand), Part(" "), *full]
    if telling.full_name != telling.name:  # the whole title has its data in it already
        return _plain(_first_that_holds([full], narrator, limit))
    facts = _compact(narrator)
    tries = [
        narrator.filled(frame, _enumeration(facts[:most]), full)
        for frame in telling.lexicon.voiced("title", narrator.voice)
        if not _is_idle(frame, telling)
        for most in _counts(frame, facts, _TITLE_FACTS)
    ]
    return _plain(_first_that_holds([*tries, full], narrator, limit))


def _counts(frame: Frame, facts: Sequence[Parts], most: int) -> Sequence[int]:
    """How many facts a frame may hold, the most first."""
    return range(min(most, len(facts)), -1, -1) if "facts" in frame.offers else (0,)


def _framed(section: str) -> Callable[[Narrator, Limit], Blocks]:
    """A field of one frame: the first of a shuffled row that fits, with as many facts as fit."""

    def compose(narrator: Narrator, limit: Limit) -> Blocks:
        tries: list[tuple[bool, Parts]] = []
        facts = _compact(narrator, service=section == "ad")
        frames = narrator.telling.lexicon.voiced(section, narrator.voice)
        for frame in narrator.chance.sample(frames, len(frames)):
            if _is_idle(frame, narrator.telling):
                continue
            for most in _counts(frame, facts, _COMPACT_FACTS):
                bare = not most and ("name" not in frame.offers or _lacks_facts(frame))
                tries.append((bare, narrator.filled(frame, _enumeration(facts[:most]))))
        return _plain(_first_that_holds([parts for _, parts in sorted(tries, key=itemgetter(0))], narrator, limit))

    return compose


def _lacks_facts(frame: Frame) -> bool:
    """Whether a frame without its facts says a name and no more."""
    return "facts" in frame.offers and "noun" not in frame.offers


def _is_idle(frame: Frame, telling: Telling) -> bool:
    """Whether words of a frame would be empty: a noun nobody knows, the same noun twice, details there are not."""
    if "noun" in frame.offers and (not telling.noun_is_known or (telling.noun_is_said and "name" in frame.offers)):
        return True
    return frame.promises and not telling.said


def _enumeration(facts: Sequence[Parts]) -> Parts:
    return [part for place, fact in enumerate(facts) for part in ((Part(", "),) if place else ()) + tuple(fact)]


def _short(narrator: Narrator, limit: Limit) -> Blocks:
    parts = _begun(narrator, limit)
    wanted = [said for said in narrator.telling.said if said.fact.name not in narrator.used]
    chosen = wanted[: _SHORT_FACTS if len(wanted) < 6 else _SHORT_FACTS + narrator.chance.randrange(2)]
    narrator.chance.shuffle(chosen)
    return _plain(_extended(parts, _sentences(narrator, chosen), narrator, limit))


def _meta_description(narrator: Narrator, limit: Limit) -> Blocks:
    parts = _begun(narrator, limit)
    chosen = [said for said in narrator.telling.said if said.fact.name not in narrator.used][:4]
    narrator.chance.shuffle(chosen)
    chosen.sort(key=lambda said: said.service)
    parts = _extended(parts, [narrator.sentence(said) for said in chosen], narrator, limit)
    if not narrator.telling.said:
        return _plain(parts)
    calls = [narrator.filled(frame) for frame in narrator.telling.lexicon.voiced("meta_calls", narrator.voice)]
    said = joined(parts, narrator.telling.lexicon.language)
    fresh = [call for call in calls if not holds(said, joined(without_stop(call), narrator.telling.lexicon.language))]
    return _plain(_extended(parts, [narrator.chance.choice(fresh or calls)], narrator, limit))


def _long(narrator: Narrator, limit: Limit) -> Blocks:
    opening = _begun(narrator, limit)
    open_facts = [said for said in narrator.telling.said if said.fact.name not in narrator.used]
    thing = [said for said in open_facts if not said.service]
    lead, rest = thing[:_LEAD_FACTS], thing[_LEAD_FACTS : _LEAD_FACTS + _LISTED_FACTS]
    if len(rest) < 2:
        lead, rest = lead + rest, []
    service = [said for said in open_facts if said.service]
    narrator.chance.shuffle(service)
    blocks: Blocks = [("p", _extended(opening, _sentences(narrator, lead), narrator, limit))]
    blocks += [("li", narrator.labelled(said)) for said in rest]
    narrator.about = False
    closing = [narrator.sentence(said) for said in service]
    if rest and closing:
        blocks.append(("p", _extended(closing[0], closing[1:], narrator, limit)))
    else:
        blocks[0] = ("p", _extended(blocks[0][1], closing, narrator, limit))
    language = narrator.telling.lexicon.language
    while len(blocks) > 1 and sum(len(joined(parts, language)) + 1 for _, parts in blocks) > limit.characters:
        blocks.pop()
    return blocks


def _bullets(narrator: Narrator, limit: Limit) -> Blocks:
    most = max(3, limit.items - narrator.chance.randrange(2))
    chosen = list(narrator.telling.said[:most])
    lines = [narrator.statement(said) for said in _near_order(chosen, narrator)]
    if len(lines) < 3:
        lines = [*_identity_lines(narrator), *lines]
    language = narrator.telling.lexicon.language
    fitting = [line for line in lines if len(joined(line, language)) <= limit.item_characters]
    return [("li", line) for line in (fitting or [_kind(narrator)])[: limit.items]]


def _near_order(chosen: list[Said], narrator: Narrator) -> list[Said]:
    """The facts by weight, with chance among those of about the same weight."""
    return sorted(chosen, key=lambda said: -said.weight + narrator.chance.uniform(0, _ORDER_SPREAD))


def _identity_lines(narrator: Narrator) -> list[Parts]:
    telling = narrator.telling
    lines = []
    if telling.noun_fact is not None:
        noun = Part(telling.term.text, telling.noun_fact)
        lines.append([Part(_label(narrator, "type")), Part(telling.lexicon.colon), noun])
    brand = telling.facts.named("brand")
    if brand is not None:
        lines.append([Part(_label(narrator, "brand")), Part(telling.lexicon.colon), Part(brand.value.text, brand)])
    if not lines:
        lines.append([Part(telling.name, telling.facts.named("title"))])
    return lines


def _label(narrator: Narrator, name: str) -> str:
    text = narrator.telling.lexicon.identity[name].text
    return text[:1].upper() + text[1:]


def _sentences(narrator: Narrator, chosen: list[Said]) -> list[Parts]:
    """Facts as sentences, some of them several in one, in an order that varies among equals."""
    groups = []
    together = [said for said in chosen if said.concept in narrator.telling.lexicon.frames["with"] and _joinable(said)]
    together = together[: 2 + narrator.chance.randrange(2)]
    if len(together) > 1 and narrator.chance.random() < 0.8:
        groups.append(narrator.together(sorted(together, key=lambda said: said.fact.value.measure is None)))
        chosen = [said for said in chosen if said not in together]
    figures = [said for said in chosen if said.measured and not said.service and not said.label.plural]
    if len(figures) > 2 or (len(figures) == 2 and narrator.chance.random() < 0.5):
        chosen = [said for said in chosen if said not in figures]
    else:
        figures = []
    groups += [narrator.sentence(said) for said in _near_order(chosen, narrator)]
    if figures:
        groups.append(narrator.figures(figures))
    return groups


def _joinable(said: Said) -> bool:
    """Whether a fact can stand after `with`: a measure, a name, or more than one piece of what is counted."""
    measure = said.fact.value.measure
    if said.frames == "worded" or said.fact.value.bound:
        return False
    return measure is None or said.measured or measure.numbers[0] > 1


def _compact(narrator: Narrator, service: bool = False) -> list[Parts]:
    """Facts in the fewest words, for titles and ads: `black`, `weight 1.24 kg`.

    Args:
        service: Whether terms of the shop are among them.
    """
    found: list[Parts] = []
    telling = narrator.telling
    for said in telling.said:
        if (
            (said.service and not service)
            or not said.value
            or len(said.value) > _COMPACT_VALUE
            or repeats(telling.name, said)
        ):
            continue
        if said.concept in _PLAIN_VALUES:
            found.append([Part(said.value, said.fact)])
        elif said.measured:
            found.append([Part(said.label.text, said.fact), Part(" "), Part(said.value, said.fact)])
        if len(found) == _COMPACT_FACTS:
            break
    return found


def _identity(narrator: Narrator) -> Parts:
    """Brand and kind, for where even the name is too long."""
    telling = narrator.telling
    brand = telling.facts.named("brand")
    if brand is None:
        return [*_kind(narrator), Part(".")]
    if not telling.noun_is_known:
        return [Part(brand.value.text, brand), Part(".")]
    return [Part(brand.value.text, brand), Part(" – "), Part(telling.term.text, telling.noun_fact), Part(".")]


def _begun(narrator: Narrator, limit: Limit) -> Parts:
    """The first sentence, or as much of it as fits where a title is out of all proportion."""
    opening = narrator.opening()
    if _holds(opening, narrator, limit):
        return opening
    return [*_first_that_holds([without_stop(_identity(narrator))], narrator, limit), Part(".")]


def _extended(parts: Parts, more: Sequence[Parts], narrator: Narrator, limit: Limit) -> Parts:
    """A text with each further sentence that still fits."""
    for sentence in more:
        longer = [*parts, Part(" "), *sentence]
        if sentence and _holds(longer, narrator, limit):
            parts = longer
    return parts


def _first_that_holds(tries: Sequence[Parts], narrator: Narrator, limit: Limit) -> Parts:
    """The first text within the limit; what is too long for all of them falls back to name, brand and kind."""
    telling = narrator.telling
    name: Parts = [Part(telling.name, telling.facts.named("title"))]
    identity = without_stop(_identity(narrator))
    candidates = (*tries, name, identity, _kind(narrator))
    return next(parts for parts in candidates if parts and _holds(parts, narrator, limit))


def _kind(narrator: Narrator) -> Parts:
    """What kind of thing it is: a noun fits everywhere (a test holds the table to that)."""
    term = narrator.telling.term
    return [capital(Part(term.text, narrator.telling.noun_fact))]


def _holds(parts: Parts, narrator: Narrator, limit: Limit) -> bool:
    return limit.holds(joined(parts, narrator.telling.lexicon.language))


def _plain(parts: Parts) -> Blocks:
    return [("", parts)]


def _intro(narrator: Narrator, limit: Limit) -> Blocks:
    frames = narrator.telling.lexicon.voiced("intro", narrator.voice)
    parts = narrator.introducing(narrator.chance.choice(frames))
    open_facts = [said for said in narrator.telling.said if said.fact.name not in narrator.used and said.value]
    lines = [[*narrator.labelled(said), Part(".")] for said in open_facts[:_INTRO_FACTS]]
    return _plain(_extended(parts, lines, narrator, limit))


_COMPOSERS: dict[Field, Callable[[Narrator, Limit], Blocks]] = {
    "title": _title,
    "description_short": _short,
    "description_long": _long,
    "bullets": _bullets,
    "meta_title": _framed("meta_title"),
    "meta_description": _meta_description,
    "alt_text": _framed("alt"),
    "email_subject": _framed("subject"),
    "ad_headline": _framed("headline"),
    "ad_text": _framed("ad"),
    "category_intro": _intro,
}
