"""Pictures of books, toys, sport, tools, machines and gifts."""

from __future__ import annotations

from shopkeeper.web.pictures.look import SHADE, SHEEN, Look, circle, oval, patterned, rect, shape, stroke

WOOD = "#b98a5c"
STEEL, STEEL_DARK = "#b9c0c8", "#7d8791"


def book(look: Look) -> str:
    """A book or notebook."""
    c = look.colours
    return (
        rect(52, 36, 102, 134, c.dark, 6)
        + rect(58, 160, 92, 8, "#fdfcf9")
        + patterned(look, "M48 32H144Q148 32 148 36V158H48Z", (46, 30, 104, 130))
        + rect(48, 32, 13, 130, c.dark, 3)
        + rect(76, 58, 58, 34, "#fdfcf9", 3)
        + stroke("M86 70H124M92 81H118", c.dark, 3.5)
    )


def card(look: Look) -> str:
    """A greeting card with its envelope, or wrapping paper."""
    c = look.colours
    return (
        rect(34, 76, 132, 86, c.light, 5)
        + shape("M34 80L100 128L166 80V76H34Z", c.dark, SHADE)
        + rect(56, 36, 88, 94, "#fdfcf9", 4, f'transform="rotate(-6 100 84)" stroke="{c.light}" stroke-width="2"')
        + shape("M98 104C76 86 76 68 88 66C94 65 98 70 98 74C100 70 104 64 110 66C122 70 120 88 98 104Z", c.main)
        + shape("M34 84L92 130Q100 136 108 130L166 84V156Q166 162 160 162H40Q34 162 34 156Z", c.main)
        + stroke("M38 160L84 124M162 160L116 124", c.dark, 2.5)
    )


def pen(look: Look) -> str:
    """Pencils in a cup."""
    c = look.colours
    return (
        rect(72, 40, 14, 80, c.main, 0, 'transform="rotate(-8 79 80)"')
        + shape("M66 44L72 24L81 42Z", "#ecd2a8")
        + rect(94, 34, 14, 84, c.accent)
        + shape("M94 34L101 14L108 34Z", "#ecd2a8")
        + rect(118, 42, 14, 78, c.dark, 0, 'transform="rotate(8 125 80)"')
        + shape("M124 42L132 22L138 44Z", "#ecd2a8")
        + patterned(look, "M58 92H142L136 166Q100 174 64 166Z", (56, 90, 88, 82))
    )


def bear(look: Look) -> str:
    """A soft toy."""
    c = look.colours
    return (
        circle(66, 54, 17, c.main)
        + circle(134, 54, 17, c.main)
        + circle(66, 54, 9, c.light)
        + circle(134, 54, 9, c.light)
        + oval(60, 136, 17, 25, c.dark)
        + oval(140, 136, 17, 25, c.dark)
        + oval(100, 140, 44, 36, c.main)
        + oval(100, 144, 26, 24, c.light)
        + circle(100, 80, 42, c.main)
        + oval(100, 94, 20, 15, c.light)
        + circle(84, 74, 5, "#2b2f36")
        + circle(116, 74, 5, "#2b2f36")
        + oval(100, 87, 7, 5, "#2b2f36")
        + stroke("M92 100Q100 106 108 100", "#2b2f36", 3)
        + shape("M100 120L80 110V130ZM100 120L120 110V130Z", c.accent)
    )


def blocks(look: Look) -> str:
    """Building blocks, puzzles and games."""
    c = look.colours
    dots = "".join(circle(x, y, 5, "#ffffff") for x, y in ((62, 112), (86, 136), (62, 136), (86, 112)))
    return (
        rect(48, 98, 54, 54, c.main, 7)
        + dots
        + rect(108, 98, 54, 54, c.dark, 7)
        + shape("M135 110L150 140H120Z", c.accent)
        + rect(78, 40, 54, 54, c.light, 7, 'transform="rotate(-7 105 67)"')
        + circle(105, 67, 15, c.main)
        + rect(48, 142, 54, 10, "#000000", 5, SHADE)
        + rect(108, 142, 54, 10, "#000000", 5, SHADE)
    )


def ball(look: Look) -> str:
    """A ball."""
    c = look.colours
    return (
        circle(100, 102, 62, c.main)
        + stroke("M40 92C76 108 124 108 160 92M42 120C78 132 122 132 158 120", c.light, 5)
        + stroke("M100 40C76 76 76 128 100 164M100 40C124 76 124 128 100 164", c.accent, 5)
        + shape("M58 84C62 64 76 54 92 50C80 62 70 78 66 96Z", "#ffffff", SHEEN)
    )


def bike(look: Look) -> str:
    """A bicycle."""
    c = look.colours
    wheels = "".join(
        circle(x, 126, 35, "none", f'stroke="{c.dark}" stroke-width="7"') + circle(x, 126, 5, c.accent)
        for x in (56, 146)
    )
    return (
        wheels
        + stroke("M56 126L82 78H130L100 126Z", c.main, 7)
        + stroke("M82 78L100 126M146 126L126 62", c.main, 7)
        + stroke("M118 60H138", c.dark, 8)
        + stroke("M72 70H92", c.dark, 9)
        + stroke("M82 78L79 70", c.dark, 5)
    )


def dumbbell(look: Look) -> str:
    """Weights for training, or a rolled mat by its colours."""
    c = look.colours
    if look.pick(3, 2):
        return (
            rect(54, 94, 92, 14, STEEL_DARK, 5)
            + "".join(rect(x, 66, 19, 70, c.main, 6) + rect(x, 66, 6, 70, "#fff", 3, SHEEN) for x in (40, 141))
            + "".join(rect(x, 78, 13, 46, c.dark, 5) for x in (26, 161))
            + stroke("M82 94V108M92 94V108M102 94V108M112 94V108", STEEL, 3)
        )
    return (
        rect(50, 74, 106, 60, c.main, 28)
        + stroke("M70 76V132M136 76V132", c.accent, 8)
        + circle(60, 104, 30, c.light)
        + stroke("M60 84A20 20 0 1 1 42 110A12 12 0 1 1 66 106", c.dark, 5)
        + rect(50, 134, 106, 9, c.dark, 4)
    )


def hammer(look: Look) -> str:
    """A tool."""
    c = look.colours
    if look.pick(3, 2):
        return (
            rect(90, 70, 20, 104, WOOD, 7, 'transform="rotate(12 100 120)"')
            + rect(84, 130, 22, 42, c.main, 8, 'transform="rotate(12 100 120)"')
            + shape("M58 40H136Q150 40 152 56V70H120L112 64H90L58 68Q50 54 58 40Z", STEEL)
            + shape("M58 58H152V70H120L112 64H90L58 68Z", STEEL_DARK)
        )
    return (
        shape("M36 66H128Q142 66 142 80V100Q142 112 128 112H88L84 158H48L52 112H44Q36 112 36 100Z", c.main)
        + shape("M52 112H88L84 158H48Z", c.dark)
        + rect(142, 78, 16, 22, STEEL_DARK, 3)
        + rect(158, 85, 26, 8, STEEL, 2)
        + rect(46, 156, 46, 15, c.accent, 5)
        + stroke("M52 82H96M52 94H84", c.light, 5)
        + rect(92, 114, 8, 18, c.dark, 3)
    )


def phone(look: Look) -> str:
    """A phone or tablet."""
    c = look.colours
    return (
        rect(60, 26, 80, 148, c.dark, 16)
        + rect(67, 34, 66, 132, c.near, 10)
        + rect(67, 34, 66, 72, c.main, 10)
        + circle(112, 62, 14, c.accent)
        + shape("M67 106V92L86 76L104 98L114 90L133 106Z", c.dark, 'fill-opacity=".7"')
        + "".join(rect(74 + 15 * n, 118, 11, 11, (c.main, c.accent, c.dark, c.light)[n], 3) for n in range(4))
        + rect(86, 156, 28, 4, c.dark, 2)
    )


def laptop(look: Look) -> str:
    """A laptop or screen."""
    c = look.colours
    return (
        rect(42, 46, 116, 82, c.dark, 8)
        + rect(50, 54, 100, 66, c.main)
        + shape("M50 120V100L78 80L104 104L120 92L150 112V120Z", c.light)
        + circle(128, 72, 9, c.accent)
        + shape("M28 130H172L182 150Q182 158 174 158H26Q18 158 18 150Z", STEEL)
        + shape("M84 130H116L112 138H88Z", STEEL_DARK)
        + stroke("M30 150H170", "#ffffff", 3, 'stroke-opacity=".6"')
    )


def headphones(look: Look) -> str:
    """Headphones or a speaker."""
    c = look.colours
    if look.pick(3, 3) == 0:
        return (
            rect(58, 32, 84, 138, c.dark, 14)
            + circle(100, 70, 20, c.main)
            + circle(100, 70, 8, c.accent)
            + circle(100, 122, 32, c.main)
            + circle(100, 122, 22, c.dark)
            + circle(100, 122, 9, c.light)
        )
    return (
        stroke("M48 116C40 34 160 34 152 116", c.dark, 10)
        + stroke("M56 92C60 52 140 52 144 92", c.light, 4)
        + rect(34, 98, 32, 58, c.main, 14)
        + rect(134, 98, 32, 58, c.main, 14)
        + rect(58, 104, 13, 46, c.accent, 6)
        + rect(129, 104, 13, 46, c.accent, 6)
    )


def camera(look: Look) -> str:
    """A camera."""
    c = look.colours
    return (
        rect(66, 52, 50, 20, c.dark, 5)
        + rect(30, 66, 140, 88, c.main, 13)
        + rect(30, 88, 140, 32, c.dark)
        + circle(100, 110, 37, "#fdfcf9")
        + circle(100, 110, 30, "#2b2f36")
        + circle(100, 110, 18, c.light)
        + circle(92, 102, 6, "#ffffff", 'fill-opacity=".8"')
        + rect(138, 74, 19, 10, c.accent, 4)
    )


def cable(look: Look) -> str:
    """A cable, charger or other small electrical thing."""
    c = look.colours
    return (
        stroke("M62 94C62 160 140 160 138 106C136 66 164 66 164 92V118", c.dark, 7)
        + rect(40, 44, 44, 54, c.main, 8)
        + rect(50, 26, 7, 20, STEEL)
        + rect(67, 26, 7, 20, STEEL)
        + shape("M66 56L52 76H62L58 90L74 68H64Z", c.accent)
        + rect(154, 116, 20, 26, c.main, 4)
        + rect(158, 142, 12, 14, STEEL, 2)
    )


def paw(look: Look) -> str:
    """Something for a pet."""
    c = look.colours
    return (
        shape("M38 104H162L152 156Q100 168 48 156Z", c.main)
        + oval(100, 104, 62, 17, c.dark)
        + "".join(circle(x, y, 9, WOOD) for x, y in ((72, 100), (92, 94), (112, 96), (130, 101), (84, 106), (106, 107)))
        + oval(100, 140, 10, 8, "#fdfcf9")
        + "".join(circle(x, y, 4, "#fdfcf9") for x, y in ((86, 130), (95, 125), (105, 125), (114, 130)))
        + stroke("M70 54L84 70M130 54L116 70", c.light, 6)
    )


def heart(look: Look) -> str:
    """An ornament to hang up: a heart, a star or a bird."""
    c = look.colours
    kind = look.pick(3, 3)
    string = stroke("M100 20V54", c.dark, 3) + circle(100, 56, 5, c.accent)
    if kind == 0:
        body = "M100 164C44 122 38 88 54 70C70 54 94 62 100 82C106 62 130 54 146 70C162 88 156 122 100 164Z"
        return string + patterned(look, body, (38, 54, 124, 112)) + stroke(body, c.dark, 3)
    if kind == 1:
        body = "M100 52L117 90L158 94L127 121L137 162L100 140L63 162L73 121L42 94L83 90Z"
        return string + patterned(look, body, (40, 50, 120, 114)) + stroke(body, c.dark, 3)
    return (
        string
        + shape("M40 108C62 70 104 58 130 82L166 84L142 104C138 148 84 160 40 108Z", c.main)
        + shape("M70 108C88 84 116 92 120 108C110 132 86 130 70 108Z", c.dark)
        + circle(132, 94, 4.5, "#2b2f36")
        + stroke("M84 112H112M90 120H108", c.accent, 3)
    )


def gift(look: Look) -> str:
    """A wrapped box: what is drawn where nothing fits better."""
    c = look.colours
    return (
        patterned(look, "M44 92H156V160Q156 166 150 166H50Q44 166 44 160Z", (42, 90, 116, 78))
        + rect(36, 70, 128, 28, c.dark, 5)
        + rect(90, 70, 20, 96, c.accent)
        + shape(
            "M100 70C76 72 58 62 64 46C70 34 94 42 100 70ZM100 70C124 72 142 62 136 46C130 34 106 42 100 70Z", c.accent
        )
        + circle(100, 68, 9, c.light)
    )
