"""Facts as sentences: one by one, or several in one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random

from shopkeeper.content.frames import Frame, Part, capital, rendered
from shopkeeper.content.grammar import listed, pronoun, worded
from shopkeeper.content.telling import Said, Telling, holds, repeats

Parts = list[Part]

_LONG_NOUN = 20


@dataclass
class Narrator:
    """Says a product's facts, by chance but the same for the same seed.

    Attributes:
        telling: What there is to say.
        voice: Whose frames are used.
        chance: Chooses among frames; seeded by product, field, locale, voice and seed.
        about: Whether the sentence before was about the product itself, so a pronoun is understood.
        named: Whether it called it by its noun, which is not done twice running.
        used: Facts said so far, by name.
    """

    telling: Telling
    voice: str
    chance: Random
    about: bool = False
    named: bool = False
    used: set[str] = field(default_factory=set)

    def opening(self) -> Parts:
        """The first sentence: name, kind, brand, and a fact or two where there are any."""
        section = "named" if self.telling.noun_is_said else "openers"
        frames = self._shuffled(self.telling.lexicon.voiced(section, self.voice))
        if not self.telling.said:  # words that announce details would be empty
            frames.sort(key=lambda frame: frame.promises)
        for frame in frames:
            if parts := self.filled(frame):
                self._note(parts)
                self.about = True
                return parts
        return [Part(self.telling.name, self.telling.facts.named("title")), Part(".")]

    def sentence(self, said: Said) -> Parts:
        """One fact as a sentence of its own."""
        frame = self.chance.choice(self._fitting(said))
        parts = self.stated(frame, said)
        self.about = bool({"this", "the", "it"} & frame.offers)
        self.named = bool({"this", "the"} & frame.offers)
        self._note(parts)
        return parts

    def statement(self, said: Said) -> Parts:
        """One fact as a line of a list: a sentence without subject, pronoun and full stop."""
        frames = [frame for frame in self._fitting(said) if not {"this", "the", "it"} & frame.offers]
        parts = self.stated(self.chance.choice(frames), said) if frames else self.labelled(said)
        return without_stop(parts)

    def labelled(self, said: Said) -> Parts:
        """`Label: value`, which is right in every language and for every fact."""
        lexicon = self.telling.lexicon
        label = capital(Part(said.label.text, said.fact))
        if not said.value:
            return [label]
        return [label, Part(lexicon.colon), Part(said.value, said.fact)]

    def together(self, several: Sequence[Said]) -> Parts:
        """Several facts in one sentence: `It comes with 16 GB of memory and 1 TB of storage.`"""
        lexicon = self.telling.lexicon
        items = [self.stated(lexicon.frames["with"][said.concept][0], said) for said in several]
        frames = lexicon.voiced("joined", self.voice)
        frame = self.chance.choice([frame for frame in frames if self._understood(frame)] or frames)
        self.about = self.named = True
        return self._listing(frame, items)

    def figures(self, several: Sequence[Said]) -> Parts:
        """Several measures in one sentence: `In figures: width 30 cm, height 20 cm.`"""
        items = [[Part(said.label.text, said.fact), Part(" "), Part(said.value, said.fact)] for said in several]
        frame = self.chance.choice(self.telling.lexicon.voiced("figures", self.voice))
        self.about = self.named = False
        return self._listing(frame, items, joint=", ")

    def stated(self, frame: Frame, said: Said) -> Parts:
        """A frame about one fact."""
        language = self.telling.lexicon.language
        fact = said.fact

        def fill(name: str, case: str) -> Sequence[Part]:
            if name == "value":
                return (Part(said.dative if case == "dat" else said.value, fact),) if said.value else ()
            if name == "label":
                return (Part(said.label.text, fact),)
            if name in {"the_label", "a_label"}:
                return (Part(worded(name.removesuffix("_label"), said.label, case, language), fact),)
            return self._noun(name, case)

        return rendered(frame, fill, said.label if "the_label" in frame.offers else self.telling.term)

    def filled(self, frame: Frame, facts: Parts | None = None, called: Parts | None = None) -> Parts:
        """A frame about the product; `facts` stands in its slot of that name, `called` in place of its usual name."""
        telling = self.telling

        def fill(name: str, case: str) -> Sequence[Part]:
            if name == "name":
                return called or (Part(telling.name, telling.facts.named("title")),)
            if name == "brand":
                return self._brand()
            if name == "facts":
                return facts or ()
            if name in {"colour", "material"}:
                return self._adjunct(name)
            return self._noun(name, case)

        return rendered(frame, fill, telling.term)

    def introducing(self, frame: Frame) -> Parts:
        """A frame about a category."""
        telling = self.telling

        def fill(name: str, case: str) -> Sequence[Part]:
            if name == "nouns":
                return (Part(telling.noun.many[telling.lexicon.language].text, telling.noun_fact),)
            if name == "brands":
                return self._brands()
            return self._adjunct(name) if name == "colour" else self._noun(name, case)

        parts = rendered(frame, fill, telling.term)
        self._note(parts)
        return parts

    def _brand(self) -> Sequence[Part]:
        brand = self.telling.facts.named("brand")
        if brand is None or holds(self.telling.name, brand.value.text):
            return ()
        return (Part(brand.value.text, brand),)

    def _brands(self) -> Sequence[Part]:
        brands = self.telling.facts.named("brands")
        if brands is None:
            return ()
        lexicon = self.telling.lexicon
        after = listed(brands.value.items, lexicon.joint, lexicon.language)
        return (Part("".join(map(str.__add__, brands.value.items, after)), brands),)

    def _adjunct(self, concept: str) -> Sequence[Part]:
        found = next((said for said in self.telling.said if said.concept == concept), None)
        if found is None or not found.value or found.fact.name in self.used or repeats(self.telling.name, found):
            return ()
        if not found.fits(" ", self.telling.lexicon.language):
            return ()
        return (Part(found.value, found.fact),)

    def _noun(self, name: str, case: str) -> Sequence[Part]:
        telling = self.telling
        if name == "it":
            word = pronoun(telling.term, telling.lexicon.language)
            return (Part(word),) if word else ()
        if name == "noun":
            return (Part(telling.term.text, telling.noun_fact),)
        return (Part(worded(name, telling.term, case, telling.lexicon.language), telling.noun_fact),)

    def _fitting(self, said: Said) -> list[Frame]:
        """Frames a fact may be said by."""
        frames = self.telling.lexicon.frames
        if not said.value:
            return list(frames["flags"].get(said.flag, ()) or frames["flags"]["any"])
        own = [frame for frame in frames[said.frames].get(said.concept, ()) if self._understood(frame)]
        if said.measured and not said.service and not said.counted and said.concept:
            generic = [frame for frame in frames["measures"]["any"] if self._understood(frame)]
            own += [frame for frame in generic if not ("a_label" in frame.offers and said.label.plural)]
        own = [frame for frame in own if said.fits(frame.lead, self.telling.lexicon.language)]
        return own or [frames["measures"]["any"][1]]

    def _understood(self, frame: Frame) -> bool:
        """Whether a frame's way of naming the product reads well after the sentence before."""
        if "it" in frame.offers:
            return self.about and self.telling.noun_is_known
        return not ((self.named or self._long) and {"this", "the"} & frame.offers)

    @property
    def _long(self) -> bool:
        """Whether the noun is too long to be said again and again."""
        return len(self.telling.term.text) > _LONG_NOUN

    def _listing(self, frame: Frame, items: Sequence[Parts], joint: str = "") -> Parts:
        lexicon = self.telling.lexicon
        texts = ["".join(part.text for part in item) for item in items]
        after = listed(texts, joint or lexicon.joint, lexicon.language)
        parts = [part for item, then in zip(items, after, strict=True) for part in (*item, Part(then)) if part.text]

        def fill(name: str, case: str) -> Sequence[Part]:
            return parts if name == "list" else self._noun(name, case)

        found = rendered(frame, fill, self.telling.term)
        self._note(found)
        return found

    def _note(self, parts: Parts) -> None:
        self.used |= {part.fact.name for part in parts if part.fact is not None}

    def _shuffled(self, frames: Sequence[Frame]) -> list[Frame]:
        return self.chance.sample(frames, len(frames))


def without_stop(parts: Parts) -> Parts:
    """A sentence without its full stop, as a line of a list has none."""
    if parts and parts[-1].fact is None and parts[-1].text.endswith("."):
        rest = parts[-1].text[:-1]
        return [*parts[:-1], Part(rest)] if rest else parts[:-1]
    return parts


def length(parts: Sequence[Part]) -> int:
    """Characters of a text in parts."""
    return sum(len(part.text) for part in parts)
