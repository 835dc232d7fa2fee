"""Pictures of things for camping, climbing, the garden and the grill."""

from __future__ import annotations

from shopkeeper.web.pictures.look import SHADE, SHEEN, Look, circle, oval, patterned, rect, shape, stroke

WOOD, WOOD_DARK = "#b98a5c", "#8c6239"
STEEL, STEEL_DARK = "#b9c0c8", "#7d8791"
LEAF = "#5f9163"


def tent(look: Look) -> str:
    """A tent, pitched."""
    c = look.colours
    return (
        shape("M100 48L178 160H22Z", c.main)
        + shape("M100 48L178 160H128Z", c.dark)
        + shape("M100 74L132 160H68Z", "#33363b")
        + shape("M100 74L84 160H68Z", c.light)
        + stroke("M100 48V36M22 160L10 168M178 160L190 168", c.dark, 4)
        + shape("M100 34L118 40L100 46Z", c.accent)
    )


def sleeping_bag(look: Look) -> str:
    """A sleeping bag laid out."""
    c = look.colours
    return (
        shape("M36 118C36 92 58 84 82 86L160 96Q176 100 176 118T160 142L82 152C58 154 36 146 36 118Z", c.main)
        + stroke("M92 88V150M114 90V148M136 93V145M156 97V141", c.dark, 3, 'stroke-opacity=".6"')
        + shape("M36 118C36 92 58 84 82 86C70 94 64 104 64 118S70 142 82 152C58 154 36 146 36 118Z", c.dark)
        + oval(58, 118, 15, 19, c.light)
        + stroke("M82 119H150", c.accent, 3.5)
    )


def mat(look: Look) -> str:
    """A rolled mat."""
    c = look.colours
    return (
        rect(50, 74, 106, 60, c.main, 28)
        + stroke("M76 76V132M136 76V132", c.accent, 8)
        + circle(60, 104, 30, c.light)
        + stroke("M60 84A20 20 0 1 1 42 110A12 12 0 1 1 66 106", c.dark, 5)
        + rect(44, 134, 118, 9, c.dark, 4)
    )


def lantern(look: Look) -> str:
    """A lantern."""
    c = look.colours
    return (
        oval(100, 110, 66, 58, c.accent, 'fill-opacity=".3"')
        + stroke("M70 66C70 30 130 30 130 66", c.dark, 5)
        + rect(70, 60, 60, 16, c.dark, 6)
        + shape("M76 76H124L130 142H70Z", "#fff4d4")
        + shape("M100 92C112 106 112 122 100 126C88 122 88 106 100 92Z", "#f4a63a")
        + stroke("M84 78L80 140M116 78L120 140", c.main, 4)
        + rect(62, 140, 76, 24, c.main, 7)
    )


def stove(look: Look) -> str:
    """A gas stove on its canister."""
    c = look.colours
    return (
        shape("M70 64C82 48 78 40 86 30C92 44 98 46 96 58C104 50 104 42 102 36C116 48 122 58 128 64Z", "#f4a63a")
        + rect(58, 64, 84, 9, STEEL_DARK, 4)
        + stroke("M64 72L84 92M136 72L116 92", STEEL_DARK, 5)
        + rect(86, 84, 28, 20, STEEL, 4)
        + stroke("M114 94H138", c.accent, 6)
        + shape("M64 122Q64 104 82 104H118Q136 104 136 122V158Q136 166 128 166H72Q64 166 64 158Z", c.main)
        + rect(64, 128, 72, 20, "#fdfcf9")
        + stroke("M78 138H122", c.dark, 4)
        + rect(70, 112, 8, 50, "#ffffff", 4, SHEEN)
    )


def poles(look: Look) -> str:
    """A pair of trekking poles."""
    c = look.colours
    return "".join(
        f'<g transform="rotate({turn} 100 104)">'
        + stroke("M100 60V166", c.main, 6)
        + stroke("M100 112V166", STEEL, 4)
        + rect(94, 34, 12, 34, c.dark, 6)
        + stroke("M94 44C82 50 84 62 94 62", c.accent, 3)
        + oval(100, 156, 12, 4, c.dark)
        + "</g>"
        for turn in (-16, 16)
    )


def compass(look: Look) -> str:
    """A compass."""
    c = look.colours
    turn = look.stretch(4, -50, 50)
    return (
        circle(100, 44, 10, "none", f'stroke="{c.dark}" stroke-width="6"')
        + circle(100, 108, 58, c.main)
        + circle(100, 108, 47, "#fdfcf9")
        + stroke("M100 66V74M142 108H134M100 150V142M58 108H66", c.dark, 4)
        + f'<g transform="rotate({turn} 100 108)">'
        + shape("M100 70L110 108H90Z", "#c8463a")
        + shape("M100 146L110 108H90Z", STEEL_DARK)
        + "</g>"
        + circle(100, 108, 5, c.dark)
    )


def carabiner(look: Look) -> str:
    """Carabiners on a sling."""
    c = look.colours
    ring = "M84 40C68 46 60 74 66 100C70 118 92 118 98 102C106 78 104 44 84 40Z"
    far = "M128 92C112 98 104 126 110 148C114 166 136 166 142 150C150 128 148 98 128 92Z"
    return (
        stroke("M86 106L128 98", c.accent, 13)
        + stroke(ring, c.main, 9)
        + stroke(far, STEEL_DARK, 9)
        + stroke("M99 60V92", STEEL, 6)
        + stroke("M142 112V142", c.light, 6)
    )


def rope(look: Look) -> str:
    """A coiled rope."""
    c = look.colours
    coils = "".join(
        f'<ellipse cx="100" cy="{y}" rx="{across}" ry="22" fill="none" stroke="{colour}" stroke-width="9"/>'
        for y, across, colour in ((132, 62, c.dark), (120, 60, c.main), (108, 58, c.dark), (96, 56, c.main))
    )
    return (
        coils
        + rect(88, 68, 24, 76, c.accent, 9)
        + stroke("M88 82H112M88 96H112M88 110H112M88 124H112", c.dark, 2.5, 'stroke-opacity=".5"')
        + stroke("M104 70C108 52 124 46 136 54", c.main, 8)
    )


def harness(look: Look) -> str:
    """A climbing harness."""
    c = look.colours
    return (
        stroke("M70 96C44 108 46 158 74 160C98 160 100 124 88 98M130 96C156 108 154 158 126 160C102 160 100 124 112 98",
               c.main, 12)
        + rect(40, 62, 120, 27, c.dark, 12)
        + rect(40, 70, 120, 7, c.accent)
        + stroke("M92 88C90 110 110 110 108 88", c.light, 8)
        + rect(86, 58, 28, 35, STEEL, 6)
        + rect(94, 66, 12, 19, c.dark, 3)
    )  # fmt: skip


def chalk(look: Look) -> str:
    """A chalk bag, or a dry bag."""
    c = look.colours
    return (
        oval(100, 62, 40, 13, c.dark)
        + oval(100, 60, 30, 8, "#fdfcf9")
        + patterned(look, "M60 64Q100 82 140 64L146 150Q100 176 54 150Z", (52, 62, 96, 110))
        + rect(57, 84, 86, 9, c.accent)
        + stroke("M140 74C158 70 160 92 146 96", c.dark, 5)
    )


def barbecue(look: Look) -> str:
    """A kettle barbecue."""
    c = look.colours
    return (
        stroke("M78 118L60 172M122 118L140 172M100 120V158", c.dark, 6)
        + circle(62, 170, 8, c.accent)
        + shape("M42 84H158C158 112 132 126 100 126C68 126 42 112 42 84Z", c.main)
        + shape("M42 80C42 54 68 40 100 40C132 40 158 54 158 80Z", c.dark)
        + rect(36, 78, 128, 9, STEEL, 4)
        + rect(88, 28, 24, 9, WOOD, 4)
        + stroke("M100 36V42", STEEL_DARK, 5)
        + shape("M58 72C62 58 74 50 88 48C76 56 70 64 68 74Z", "#ffffff", SHEEN)
    )


def tongs(look: Look) -> str:
    """Tongs and a turner for the grill, or kitchen tools."""
    c = look.colours
    return (
        '<g transform="rotate(14 100 100)">'
        + stroke("M122 44L132 130M142 44L132 130", STEEL, 6)
        + circle(132, 134, 9, c.main)
        + stroke("M132 140V168", c.dark, 10)
        + "</g>"
        + '<g transform="rotate(-14 100 100)">'
        + rect(52, 34, 34, 46, STEEL, 5)
        + stroke("M61 42V68M69 42V68M77 42V68", STEEL_DARK, 3)
        + stroke("M69 80V118", STEEL_DARK, 6)
        + rect(63, 116, 12, 54, c.main, 6)
        + "</g>"
    )


def trowel(look: Look) -> str:
    """A trowel, or secateurs by their handles."""
    c = look.colours
    return (
        '<g transform="rotate(24 100 100)">'
        + shape("M78 96Q100 84 122 96C124 134 112 158 100 172C88 158 76 134 78 96Z", STEEL)
        + shape("M100 90V172C112 158 124 134 122 96Q112 90 100 90Z", STEEL_DARK, 'fill-opacity=".5"')
        + stroke("M100 92V70", STEEL_DARK, 7)
        + rect(89, 22, 22, 54, c.main, 10)
        + rect(89, 34, 22, 7, c.accent)
        + "</g>"
    )


def watering_can(look: Look) -> str:
    """A watering can."""
    c = look.colours
    return (
        stroke("M78 84C84 44 142 44 150 96", c.dark, 8)
        + shape("M74 116L36 78L46 70L78 96Z", c.dark)
        + oval(38, 72, 15, 7, c.light, 'transform="rotate(-42 38 72)"')
        + patterned(look, "M70 86H152V152Q152 164 140 164H82Q70 164 70 152Z", (68, 84, 86, 82))
        + stroke("M26 88L18 100M34 96L28 110", "#7fb3d6", 4)
    )


def seeds(look: Look) -> str:
    """A packet of seeds or bulbs with its flower."""
    c = look.colours
    petals = "".join(oval(100, 86, 9, 19, c.main, f'transform="rotate({turn} 100 104)"') for turn in range(0, 360, 60))
    return (
        rect(54, 32, 92, 136, "#fdfcf9", 5)
        + rect(54, 32, 92, 30, c.dark, 5)
        + stroke("M70 47H130", "#ffffff", 6)
        + stroke("M100 106V152M100 140C88 138 84 130 82 124M100 146C112 144 118 136 120 130", LEAF, 5)
        + petals
        + circle(100, 104, 10, c.accent)
        + rect(54, 160, 92, 8, c.main, 4)
        + rect(54, 32, 12, 136, "#000000", 5, SHADE)
    )


def bird_house(look: Look) -> str:
    """A nest box or bird feeder."""
    c = look.colours
    return (
        rect(60, 82, 80, 80, WOOD, 4)
        + stroke("M60 108H140M60 134H140", WOOD_DARK, 2.5, 'stroke-opacity=".5"')
        + shape("M46 90L100 38L154 90L144 98L100 56L56 98Z", c.main)
        + circle(100, 110, 17, "#4a3524")
        + stroke("M100 138V150", WOOD_DARK, 6)
        + shape("M116 74C124 62 142 62 148 74L158 76L148 82C142 94 122 92 116 74Z", c.accent)
        + circle(145, 73, 2.5, "#2b2f36")
    )


def bulb(look: Look) -> str:
    """A light bulb."""
    c = look.colours
    return (
        circle(100, 84, 62, "#ffe6a3", 'fill-opacity=".45"')
        + shape("M100 34C70 34 54 58 58 84C62 104 80 112 82 130H118C120 112 138 104 142 84C146 58 130 34 100 34Z",
                "#ffd773")
        + stroke("M88 128L84 92L94 100L100 90L106 100L116 92L112 128", c.dark, 3.5)
        + rect(80, 130, 40, 26, STEEL_DARK, 5)
        + stroke("M80 138H120M80 147H120", STEEL, 3)
        + rect(90, 156, 20, 9, c.dark, 4)
        + shape("M68 78C70 62 78 54 88 50C80 60 76 70 76 84Z", "#ffffff", SHEEN)
    )  # fmt: skip
