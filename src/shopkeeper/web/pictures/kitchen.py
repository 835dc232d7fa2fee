"""Pictures of kitchen tools and glassware, and of what people wear besides clothes."""

from __future__ import annotations

from shopkeeper.web.pictures.look import SHEEN, Look, circle, oval, patterned, rect, shape, stroke

WOOD, WOOD_DARK = "#b98a5c", "#8c6239"
STEEL, STEEL_DARK = "#b9c0c8", "#7d8791"
GLASS = "#d9e8ee"


def knife(look: Look) -> str:
    """A kitchen knife on its board."""
    c = look.colours
    return (
        rect(34, 92, 132, 70, WOOD, 12)
        + circle(150, 108, 7, WOOD_DARK)
        + '<g transform="rotate(-24 100 96)">'
        + shape("M30 92H122V112C90 116 50 110 30 92Z", STEEL)
        + shape("M30 92H122V98H40Z", "#ffffff", SHEEN)
        + rect(122, 88, 54, 20, c.dark, 8)
        + "".join(circle(x, 98, 2.6, c.accent) for x in (136, 150, 164))
        + "</g>"
    )


def board(look: Look) -> str:
    """A wooden board."""
    c = look.colours
    return (
        rect(50, 56, 100, 112, WOOD, 16)
        + rect(86, 26, 28, 40, WOOD, 12)
        + circle(100, 42, 6, c.near)
        + stroke("M66 78C90 72 110 84 134 76M66 104C90 98 112 112 134 102M66 130C88 124 112 138 134 128M66 152C90 148 "
                 "110 158 134 150", WOOD_DARK, 2.5, 'stroke-opacity=".6"')
        + rect(50, 160, 100, 8, c.main, 4)
    )  # fmt: skip


def whisk(look: Look) -> str:
    """A whisk and a spoon in a jug."""
    c = look.colours
    return (
        stroke("M82 100V66M82 66C62 60 64 28 82 26C100 28 102 60 82 66M82 66C74 58 74 34 82 26C90 34 90 58 82 66",
               STEEL_DARK, 3.5)
        + stroke("M112 100L120 60", WOOD_DARK, 7)
        + oval(123, 42, 13, 20, WOOD, 'transform="rotate(10 123 42)"')
        + patterned(look, "M56 90H144L136 158Q136 166 126 166H74Q64 166 64 158Z", (54, 88, 92, 80))
        + rect(52, 86, 96, 11, c.dark, 5)
    )  # fmt: skip


def glass(look: Look) -> str:
    """A wine glass, or a carafe."""
    c = look.colours
    if look.pick(3, 2):
        return (
            shape("M70 36H130C136 78 124 102 100 106C76 102 64 78 70 36Z", GLASS)
            + shape("M68 62H132C130 88 120 102 100 106C80 102 70 88 68 62Z", c.main)
            + oval(100, 62, 32, 6, c.dark)
            + stroke("M100 106V158", STEEL, 6)
            + oval(100, 164, 34, 7, STEEL)
            + shape("M78 44C76 64 78 80 84 90C88 80 86 60 86 44Z", "#ffffff", SHEEN)
        )
    return (
        shape("M82 30H118L116 74C142 90 150 112 148 140Q146 166 120 166H80Q54 166 52 140C50 112 58 90 84 74Z", GLASS)
        + shape("M56 116H144C148 122 148 132 148 140Q146 166 120 166H80Q54 166 52 140C52 132 52 122 56 116Z", c.main)
        + oval(100, 116, 45, 8, c.light)
        + shape("M64 124C62 140 66 154 74 160H82C74 150 72 136 74 124Z", "#ffffff", SHEEN)
    )


def coffee_pot(look: Look) -> str:
    """A coffee pot or cafetiere."""
    c = look.colours
    return (
        stroke("M134 88C166 84 164 140 132 140", c.dark, 9)
        + stroke("M98 62V34", STEEL_DARK, 4)
        + circle(98, 32, 8, c.dark)
        + rect(58, 60, 80, 16, c.main, 6)
        + shape("M58 64L44 70L60 84Z", c.main)
        + rect(62, 76, 72, 86, GLASS, 6)
        + rect(62, 104, 72, 58, "#5b3a26", 6)
        + rect(62, 100, 72, 7, STEEL_DARK)
        + stroke("M62 84V160M134 84V160", c.main, 6)
        + rect(56, 156, 84, 12, c.main, 5)
        + rect(70, 80, 8, 76, "#ffffff", 4, SHEEN)
    )


def tin(look: Look) -> str:
    """A baking tin or mixing bowl."""
    c = look.colours
    return (
        shape("M50 92C54 66 76 56 100 62C124 54 148 66 150 92Z", "#d29a5b")
        + stroke("M74 74L84 90M98 68L106 90M122 72L128 90", "#b37a3d", 5)
        + shape("M34 90H166L152 148Q150 156 142 156H58Q50 156 48 148Z", c.main)
        + rect(28, 84, 144, 13, c.dark, 6)
        + stroke("M62 106L68 146M100 106V148M138 106L132 146", c.light, 3, 'stroke-opacity=".7"')
    )


def belt(look: Look) -> str:
    """A belt, rolled."""
    c = look.colours
    return (
        stroke("M100 62A44 44 0 1 1 58 96", c.main, 20)
        + stroke("M100 84A24 24 0 1 1 78 104", c.dark, 14)
        + rect(92, 44, 62, 24, c.main, 5)
        + rect(142, 38, 30, 36, "none", 6, 'stroke="#c9a24b" stroke-width="7"')
        + stroke("M128 56H160", "#c9a24b", 5)
        + "".join(circle(x, 56, 2.6, c.dark) for x in (100, 112, 124))
    )


def scarf(look: Look) -> str:
    """A scarf with a fringe."""
    c = look.colours
    return (
        patterned(look, "M62 62C60 40 140 40 138 62C138 84 62 84 62 62Z", (58, 40, 84, 44))
        + shape("M104 76L146 146L122 160L90 84Z", c.dark)
        + patterned(look, "M72 76H106L110 152H66Z", (64, 74, 48, 80), 1)
        + stroke("M70 154V168M80 154V168M90 154V168M100 154V168M108 154V168", c.main, 4)
        + stroke("M126 160L132 172M136 154L142 166", c.dark, 4)
    )


def glove(look: Look) -> str:
    """A pair of gloves."""
    c = look.colours
    one = "M58 108V66Q58 56 66 56T74 66V48Q74 40 82 40T90 48V44Q90 36 98 36T106 44V54Q106 46 113 46T120 54V104" \
          "L134 92Q142 86 148 92T146 104L122 134V150H62Z"  # fmt: skip
    return (
        f'<g transform="translate(34 4) rotate(8 100 100)">{shape(one, c.dark)}</g>'
        + f'<g transform="translate(-20 4) rotate(-6 100 100)">{patterned(look, one, (56, 34, 96, 120))}'
        + rect(58, 142, 68, 22, c.accent, 6)
        + "</g>"
    )


def tie(look: Look) -> str:
    """A tie."""
    c = look.colours
    return (
        shape("M66 34L100 58L134 34L144 52L108 76L100 66L92 76L56 52Z", "#fdfcf9")
        + shape("M66 34L100 58L92 76L56 52ZM134 34L100 58L108 76L144 52Z", c.light)
        + shape("M88 60H112L118 76L108 86H92L82 76Z", c.dark)
        + patterned(look, "M92 86H108L126 146L100 174L74 146Z", (72, 84, 56, 92))
    )


def skirt(look: Look) -> str:
    """A skirt."""
    c = look.colours
    return (
        patterned(look, "M72 58H128L160 158Q100 174 40 158Z", (38, 56, 124, 112))
        + stroke("M84 66L66 160M100 66V166M116 66L134 160", c.dark, 2, 'stroke-opacity=".45"')
        + rect(68, 46, 64, 15, c.dark, 4)
        + rect(116, 50, 9, 7, c.accent, 2)
    )


def boots(look: Look) -> str:
    """Walking boots."""
    c = look.colours
    return (
        shape("M62 46H110L112 102C124 116 160 114 166 134V148H58V110Z", c.main)
        + shape("M58 108C70 112 78 120 80 148H58Z", c.dark)
        + shape("M134 116C152 118 166 124 166 148H142C142 134 140 124 134 116Z", c.dark)
        + rect(58, 40, 54, 15, c.dark, 7)
        + stroke("M112 62H94M112 76H94M113 90H95M118 102L104 110", c.accent, 4.5)
        + shape("M52 146H170V158Q170 166 162 166H150V160H140V166H126V160H116V166H100V160H90V166H60Q52 166 52 158Z",
                "#3a3d42")
        + shape("M66 58H76V104L66 106Z", "#ffffff", SHEEN)
    )  # fmt: skip


def water_bottle(look: Look) -> str:
    """A water bottle or filter."""
    c = look.colours
    return (
        stroke("M114 40C132 40 132 58 118 60", c.dark, 6)
        + rect(84, 26, 32, 26, c.dark, 6)
        + rect(78, 50, 44, 10, STEEL)
        + shape("M66 76Q66 60 82 60H118Q134 60 134 76V156Q134 168 122 168H78Q66 168 66 156Z", c.main)
        + rect(66, 100, 68, 34, c.light)
        + shape("M84 128L96 108L104 118L110 112L120 128Z", c.dark)
        + rect(72, 68, 8, 92, "#ffffff", 4, SHEEN)
    )
