"""Pictures of things for the house and the garden."""

from __future__ import annotations

from shopkeeper.web.pictures.look import SHADE, SHEEN, Look, circle, oval, patterned, rect, shape, stroke

WOOD, WOOD_DARK = "#b98a5c", "#8c6239"
LEAF, LEAF_DARK = "#5f9163", "#3f6b4a"


def mug(look: Look) -> str:
    """A mug with steam."""
    c = look.colours
    return (
        stroke("M84 50C78 42 90 36 84 26M104 50C98 42 110 36 104 26", c.light, 4)
        + stroke("M136 84C168 80 168 130 134 130", c.dark, 10)
        + patterned(look, "M54 66H140V140C140 156 130 162 118 162H76C64 162 54 156 54 140Z", (52, 64, 90, 100))
        + oval(97, 67, 43, 9, c.dark)
        + oval(97, 68, 37, 6.5, "#5b3a26")
        + shape("M62 80H71V142C66 138 62 132 62 126Z", "#ffffff", SHEEN)
    )


def plate(look: Look) -> str:
    """A plate between a fork and a knife, or a bowl."""
    c = look.colours
    if look.pick(3, 2):
        return (
            patterned(look, "M34 88H166C164 134 140 156 100 156C60 156 36 134 34 88Z", (32, 86, 136, 72))
            + oval(100, 88, 66, 17, c.dark)
            + oval(100, 90, 58, 12.5, c.light)
            + rect(74, 152, 52, 10, c.dark, 4)
        )
    return (
        circle(100, 102, 60, c.main)
        + circle(100, 102, 53, "#fdfcf9")
        + circle(100, 102, 36, c.near, f'stroke="{c.light}" stroke-width="3"')
        + stroke("M26 58V92M20 58V76C20 84 32 84 32 76V58M26 92V150", c.dark, 4)
        + stroke("M176 150V58C168 66 166 88 168 104H176", c.dark, 4)
    )


def lamp(look: Look) -> str:
    """A table lamp."""
    c = look.colours
    width = look.stretch(4, 40, 54)
    return (
        oval(100, 82, 74, 54, c.accent, 'fill-opacity=".35"')
        + patterned(look, f"M78 38H122L{100 + width} 98H{100 - width}Z", (40, 36, 120, 64))
        + rect(96, 98, 8, 52, c.dark)
        + oval(100, 128, 15, 19, c.dark)
        + rect(70, 150, 60, 12, c.dark, 6)
        + stroke(f"M{100 + width - 14} 98V116", c.dark, 2)
        + circle(100 + width - 14, 118, 3.5, c.accent)
    )


def candle(look: Look) -> str:
    """A candle in a glass."""
    c = look.colours
    return (
        circle(100, 54, 30, "#ffd98a", 'fill-opacity=".4"')
        + shape("M100 32C112 48 112 62 100 66C88 62 88 48 100 32Z", "#f4a63a")
        + shape("M100 46C106 54 105 62 100 64C95 62 94 54 100 46Z", "#fff1c9")
        + stroke("M100 64V80", "#5b4636", 3)
        + patterned(look, "M62 78H138V156Q100 170 62 156Z", (60, 76, 80, 94))
        + oval(100, 79, 38, 8, c.light)
        + rect(76, 104, 48, 34, "#fdfcf9", 4)
        + stroke("M84 116H116M88 126H112", c.dark, 3)
    )


def chair(look: Look) -> str:
    """A chair."""
    c = look.colours
    return (
        stroke("M66 116L58 172M134 116L142 172M76 122L74 164M124 122L126 164", WOOD_DARK, 7)
        + patterned(look, "M62 40Q100 28 138 40L132 108H68Z", (60, 30, 80, 80))
        + shape("M54 106H146L152 126Q100 136 48 126Z", c.dark)
        + shape("M58 104Q100 96 142 104L146 114Q100 122 54 114Z", c.light)
    )


def sofa(look: Look) -> str:
    """A sofa with cushions."""
    c = look.colours
    return (
        rect(44, 148, 9, 18, WOOD_DARK, 3)
        + rect(147, 148, 9, 18, WOOD_DARK, 3)
        + rect(38, 62, 124, 70, c.main, 16)
        + rect(40, 106, 120, 34, c.light, 8)
        + stroke("M100 66V138", c.dark, 2.5, 'stroke-opacity=".5"')
        + rect(20, 88, 34, 66, c.dark, 15)
        + rect(146, 88, 34, 66, c.dark, 15)
        + rect(38, 132, 124, 22, c.main, 6)
        + rect(58, 78, 34, 32, c.accent, 7, 'transform="rotate(-9 75 94)"')
    )


def table(look: Look) -> str:
    """A table or desk with a vase on it."""
    c = look.colours
    return (
        shape("M94 58C90 70 88 78 90 90H112C114 78 112 70 108 58Z", c.main)
        + stroke("M101 58C98 44 92 38 84 34M101 58C104 42 112 38 118 36", LEAF_DARK, 3)
        + circle(84, 33, 7, c.accent)
        + circle(118, 35, 7, c.accent)
        + rect(28, 90, 144, 14, WOOD, 4)
        + rect(28, 100, 144, 5, WOOD_DARK, 2)
        + shape("M42 105H54L50 170H43ZM146 105H158L157 170H150Z", WOOD_DARK)
        + rect(68, 105, 64, 22, WOOD, 2)
        + circle(100, 116, 3.5, WOOD_DARK)
    )


def bed(look: Look) -> str:
    """A made bed."""
    c = look.colours
    return (
        rect(26, 62, 148, 70, WOOD, 8)
        + rect(40, 78, 54, 30, "#fdfcf9", 9)
        + rect(106, 78, 54, 30, "#fdfcf9", 9)
        + patterned(look, "M26 112Q100 96 174 112V150H26Z", (24, 98, 152, 54))
        + shape("M26 110Q100 94 174 110V122Q100 106 26 122Z", c.light)
        + rect(26, 150, 12, 18, WOOD_DARK, 3)
        + rect(162, 150, 12, 18, WOOD_DARK, 3)
    )


def blanket(look: Look) -> str:
    """Folded blankets."""
    c = look.colours
    return (
        rect(34, 118, 132, 32, c.dark, 12)
        + rect(38, 88, 124, 34, c.main, 12)
        + rect(42, 60, 116, 32, c.light, 12)
        + stroke("M56 92V118M72 92V118M88 92V118M104 92V118M120 92V118M136 92V118", c.light, 3)
        + stroke("M42 150V160M58 150V160M74 150V160M90 150V160M106 150V160M122 150V160M138 150V160M154 150V160", c.dark)
    )


def cushion(look: Look) -> str:
    """A cushion."""
    c = look.colours
    body = "M40 44Q100 58 160 44Q148 100 160 156Q100 144 40 156Q52 100 40 44Z"
    return patterned(look, body, (38, 42, 124, 116)) + stroke(body, c.dark, 3) + circle(100, 100, 6, c.dark)


def plant(look: Look) -> str:
    """A plant in its pot."""
    c = look.colours
    leaves = (
        "M100 116C96 84 80 66 62 60C64 84 78 106 100 116Z",
        "M100 116C104 80 120 58 142 52C140 82 124 106 100 116Z",
        "M100 116C92 88 94 52 102 32C114 56 112 90 100 116Z",
        "M100 118C84 112 60 108 44 96C60 88 86 94 100 118Z",
        "M100 118C116 112 142 110 158 94C140 84 116 92 100 118Z",
    )
    green = "".join(shape(leaf, LEAF if index % 2 else LEAF_DARK) for index, leaf in enumerate(leaves))
    return (
        green
        + patterned(look, "M64 118H136L126 170Q100 176 74 170Z", (62, 116, 76, 60))
        + rect(58, 110, 84, 17, c.dark, 5)
    )


def clock(look: Look) -> str:
    """A clock."""
    c = look.colours
    angle = look.stretch(5, -40, 40)
    ticks = "".join(
        rect(98.5, 46, 3, 9, c.dark, 1, f'transform="rotate({turn} 100 100)"') for turn in range(0, 360, 30)
    )
    return (
        circle(100, 100, 66, c.dark)
        + circle(100, 100, 58, "#fdfcf9")
        + ticks
        + stroke("M100 100V64", c.dark, 6, f'transform="rotate({angle} 100 100)"')
        + stroke("M100 100L132 108", c.main, 5)
        + circle(100, 100, 6, c.accent)
    )


def pan(look: Look) -> str:
    """A pot with a lid, or a frying pan."""
    c = look.colours
    if look.pick(3, 2):
        return (
            stroke("M26 108H44M174 108H156", c.dark, 9)
            + patterned(look, "M42 92H158V142Q158 160 140 160H60Q42 160 42 142Z", (40, 90, 120, 72))
            + shape("M38 92Q100 54 162 92Z", c.light)
            + rect(36, 86, 128, 11, c.dark, 5)
            + circle(100, 64, 9, c.dark)
        )
    return (
        rect(132, 92, 56, 13, WOOD, 6)
        + circle(86, 100, 58, c.dark)
        + circle(86, 100, 48, "#3a3d42")
        + oval(84, 102, 27, 23, "#fdfcf9")
        + circle(84, 101, 11, "#f2b632")
        + shape("M52 78Q62 62 80 60L82 66Q66 70 58 84Z", "#ffffff", SHEEN)
    )


def frame(look: Look) -> str:
    """A framed picture or mirror."""
    c = look.colours
    return (
        rect(42, 30, 116, 140, WOOD_DARK, 3)
        + rect(50, 38, 100, 124, "#fdfcf9")
        + rect(62, 50, 76, 100, c.near)
        + circle(116, 76, 13, c.accent)
        + shape("M62 150V118L88 92L110 118L122 106L138 122V150Z", c.main)
        + shape("M62 150V132L92 122L138 140V150Z", c.dark)
    )


def storage(look: Look) -> str:
    """A basket, box or tin for keeping things."""
    c = look.colours
    rows = "".join(stroke(f"M{48 + row} {98 + row * 4}H{152 - row}", c.dark, 3) for row in (2, 5, 8, 11, 14))
    return (
        stroke("M72 86C72 46 128 46 128 86", WOOD_DARK, 7)
        + shape("M42 86H158L146 166Q100 172 54 166Z", c.main)
        + rows
        + stroke("M72 92L76 164M100 92V168M128 92L124 164", c.light, 3)
        + rect(38, 80, 124, 14, c.dark, 6)
        + shape("M42 94H158L157 102H43Z", "#000000", SHADE)
    )
