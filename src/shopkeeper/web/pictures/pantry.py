"""Pictures of food, drink and things for the bathroom."""

from __future__ import annotations

from shopkeeper.web.pictures.look import SHADE, SHEEN, Look, circle, oval, patterned, rect, shape, stroke

LEAF = "#5f9163"


def bottle(look: Look) -> str:
    """A bottle of wine, oil or juice."""
    c = look.colours
    neck = look.stretch(4, 10, 13)
    return (
        shape(
            f"M{100 - neck} 34H{100 + neck}V70C{100 + neck} 84 130 86 130 106V164Q100 174 70 164V106"
            f"C70 86 {100 - neck} 84 {100 - neck} 70Z",
            c.main,
        )
        + rect(100 - neck - 2, 24, 2 * neck + 4, 20, c.dark, 4)
        + rect(70, 112, 60, 38, "#fdfcf9")
        + rect(70, 112, 60, 8, c.accent)
        + stroke("M82 130H118M88 140H112", c.dark, 3)
        + shape("M76 108C76 98 80 94 86 90V162L76 160Z", "#ffffff", SHEEN)
    )


def jar(look: Look) -> str:
    """A jar of jam, honey or spice."""
    c = look.colours
    return (
        shape("M58 68H142C150 78 150 84 150 92V152Q150 164 138 166H62Q50 164 50 152V92C50 84 50 78 58 68Z", c.light)
        + shape("M56 92H144V150Q144 160 136 160H64Q56 160 56 150Z", c.main)
        + rect(54, 46, 92, 24, c.dark, 6)
        + stroke("M64 50V66M76 50V66M88 50V66M100 50V66M112 50V66M124 50V66M136 50V66", c.main, 2.5)
        + rect(68, 102, 64, 42, "#fdfcf9", 5)
        + circle(100, 117, 8, c.accent)
        + stroke("M80 134H120", c.dark, 3.5)
        + shape("M56 80H64V156Q56 156 56 148Z", "#ffffff", SHEEN)
    )


def packet(look: Look) -> str:
    """A packet of coffee, tea, crisps or pasta."""
    c = look.colours
    return (
        patterned(look, "M56 44L144 44L150 166L50 166Z", (48, 42, 104, 126))
        + shape("M54 34H146V48H54Z", c.dark)
        + stroke("M60 41H140", c.light, 2, 'stroke-dasharray="4 5"')
        + oval(100, 108, 32, 36, "#fdfcf9")
        + oval(92, 106, 9, 14, c.dark, 'transform="rotate(24 92 106)"')
        + oval(110, 112, 9, 14, c.main, 'transform="rotate(-18 110 112)"')
        + stroke("M84 134H116", c.dark, 3)
        + shape("M56 48H66L62 166H50Z", "#ffffff", SHEEN)
    )


def carton(look: Look) -> str:
    """A carton of milk or juice, or a box of cereal."""
    c = look.colours
    if look.pick(3, 2):
        return (
            shape("M60 74L78 42H134L140 74Z", c.light)
            + rect(76, 32, 58, 13, c.dark, 3)
            + patterned(look, "M60 74H140V168H60Z", (58, 72, 84, 98))
            + shape("M60 74H82V168H60Z", "#000000", SHADE)
            + circle(112, 124, 20, "#fdfcf9")
            + shape("M112 110C120 120 122 126 118 132C114 138 106 136 106 128C106 122 110 116 112 110Z", c.main)
        )
    return (
        rect(54, 36, 92, 132, c.main, 4)
        + rect(54, 36, 92, 34, c.dark, 4)
        + stroke("M68 53H132", "#ffffff", 7)
        + shape("M64 124H136C134 150 122 160 100 160C78 160 66 150 64 124Z", "#fdfcf9")
        + "".join(circle(x, y, 7, c.accent) for x, y in ((78, 118), (94, 112), (110, 116), (124, 119), (100, 122)))
        + stroke("M132 84L118 112", c.light, 5)
    )


def fruit(look: Look) -> str:
    """An apple, a pear or an orange."""
    c = look.colours
    kind = look.pick(3, 3)
    leaf = shape("M102 56C112 38 132 36 142 42C136 58 118 64 102 58Z", LEAF)
    stem = stroke("M100 66C100 54 98 46 92 38", "#6b4a2f", 5)
    if kind == 0:
        body = "M100 66C84 52 48 58 46 102C46 140 76 170 100 160C124 170 154 140 154 102C152 58 116 52 100 66Z"
        return (
            shape(body, "#cf4b40") + leaf + stem + shape("M62 92C64 78 74 70 84 72C72 80 68 98 70 112Z", "#fff", SHEEN)
        )
    if kind == 1:
        body = "M100 54C84 54 82 76 74 92C52 112 56 164 100 164C144 164 148 112 126 92C118 76 116 54 100 54Z"
        return (
            shape(body, "#b9bf4d") + leaf + stem + oval(76, 126, 8, 16, "#ffffff", SHEEN) + circle(120, 140, 3, c.dark)
        )
    return (
        circle(88, 112, 50, "#ec9a3c")
        + circle(134, 128, 36, "#f6c27a")
        + circle(134, 128, 30, "#fbe3b7")
        + stroke("M134 104V152M113 116L155 140M113 140L155 116", "#f0a64c", 4)
        + leaf
        + oval(68, 92, 10, 15, "#ffffff", SHEEN)
    )


def vegetable(look: Look) -> str:
    """Carrots or a head of greens."""
    if look.pick(3, 2):
        return (
            stroke("M112 66C108 48 98 40 90 36M116 66C118 46 126 38 136 34M114 66V34", LEAF, 6)
            + shape("M96 66Q114 56 132 68L92 166Q84 172 84 162Z", "#e88a3c")
            + stroke("M100 84L114 88M96 108L108 112M92 132L100 134", "#c66c22", 3)
            + stroke("M74 80C66 66 58 62 50 62M78 80C74 60 70 54 66 50", LEAF, 6)
            + shape("M62 84Q76 74 90 80L98 150Q96 168 86 156Z", "#f09a4c")
        )
    return (
        "".join(
            circle(x, y, r, f)
            for x, y, r, f in (
                (70, 92, 32, "#4f8a54"),
                (130, 92, 32, "#4f8a54"),
                (100, 72, 34, "#5f9d62"),
                (100, 106, 36, "#77b376"),
            )
        )
        + shape("M84 118H116L110 168H90Z", "#b9d69b")
        + stroke("M100 120V90M92 122L76 96M108 122L124 96", "#b9d69b", 5)
    )


def bread(look: Look) -> str:
    """A loaf of bread."""
    c = look.colours
    return (
        shape("M34 112C30 78 60 62 100 62C140 62 170 78 166 112L160 148Q100 158 40 148Z", "#d29a5b")
        + shape("M34 112C30 78 60 62 100 62C140 62 170 78 166 112Q100 98 34 112Z", "#e3b579")
        + stroke("M66 76L84 108M94 70L110 104M122 72L138 106", "#b37a3d", 6)
        + rect(28, 148, 144, 13, c.main, 6)
    )


def cheese(look: Look) -> str:
    """A wedge of cheese on a board."""
    c = look.colours
    return (
        rect(22, 154, 156, 12, c.main, 5)
        + shape("M30 116L130 62Q166 74 170 116Z", "#f6d778")
        + shape("M30 116H170V156H30Z", "#eebf4c")
        + "".join(
            oval(x, y, a, b, "#d9a32f")
            for x, y, a, b in (
                (62, 138, 11, 9),
                (104, 130, 8, 7),
                (140, 142, 12, 9),
                (124, 94, 10, 7),
                (94, 100, 6, 4),
            )
        )
        + stroke("M30 116H170", "#fbe7a8", 3)
    )


def cake(look: Look) -> str:
    """A cupcake, or chocolate and sweets."""
    c = look.colours
    return (
        shape("M58 110H142L130 166H70Z", c.dark)
        + stroke("M72 114L80 164M90 114L94 164M110 114L106 164M128 114L120 164", c.main, 4)
        + shape("M46 110C38 88 58 78 66 80C68 58 92 52 100 40C108 52 132 58 134 80C142 78 162 88 154 110Z", c.light)
        + stroke("M66 94C88 84 112 100 136 88M80 74C94 66 108 78 122 70", "#ffffff", 5, 'stroke-opacity=".7"')
        + circle(100, 38, 11, "#cf4b40")
        + "".join(circle(x, y, 3, c.accent) for x, y in ((72, 100), (90, 82), (118, 84), (130, 100), (104, 98)))
    )


def meat(look: Look) -> str:
    """A fillet of meat or fish on a tray."""
    c = look.colours
    return (
        rect(26, 64, 148, 92, c.light, 12)
        + rect(34, 72, 132, 76, "#f6f3ec", 9)
        + shape("M52 118C44 92 72 78 104 82C142 84 164 104 148 126C132 144 62 148 52 118Z", "#d9786b")
        + shape("M52 118C44 92 72 78 104 82C86 90 72 98 70 112C68 124 60 130 56 126Z", "#f3d9cf")
        + stroke("M92 98C108 92 124 100 134 112M86 118C100 110 116 116 124 126", "#f3d9cf", 5)
    )


def soap(look: Look) -> str:
    """A pump bottle of soap, shampoo or lotion."""
    c = look.colours
    return (
        stroke("M100 62V36H74", c.dark, 8)
        + rect(66, 34, 12, 14, c.dark, 4)
        + rect(84, 54, 32, 18, c.dark, 4)
        + shape("M64 84Q64 70 78 70H122Q136 70 136 84V158Q136 168 126 168H74Q64 168 64 158Z", c.main)
        + rect(74, 100, 52, 42, "#fdfcf9", 5)
        + circle(100, 115, 7, c.accent)
        + stroke("M84 132H116", c.dark, 3)
        + shape("M70 84Q70 76 78 76H80V162H74Q70 162 70 158Z", "#ffffff", SHEEN)
    )


def tube(look: Look) -> str:
    """A tube of cream or toothpaste, or a lipstick."""
    c = look.colours
    if look.pick(3, 2):
        return (
            shape("M60 34H140L128 138H72Z", c.main)
            + rect(58, 28, 84, 11, c.dark, 2)
            + rect(76, 138, 48, 30, c.dark, 5)
            + stroke("M84 144V162M94 144V162M104 144V162M114 144V162", c.main, 3)
            + stroke("M82 72H118M86 86H114", "#ffffff", 6)
            + circle(100, 112, 8, c.accent)
        )
    return (
        rect(76, 112, 48, 56, c.dark, 5)
        + rect(80, 84, 40, 34, c.accent, 3)
        + shape("M84 86V58Q104 34 116 44V86Z", c.main)
        + shape("M84 58Q104 34 116 44Q98 52 84 62Z", c.light)
        + rect(82, 118, 8, 46, "#ffffff", 3, SHEEN)
    )


def perfume(look: Look) -> str:
    """A bottle of perfume."""
    c = look.colours
    return (
        rect(84, 34, 32, 32, c.dark, 5)
        + rect(90, 64, 20, 14, "#c9a24b")
        + rect(52, 76, 96, 90, c.light, 14)
        + shape("M60 112Q80 104 100 112T140 112V150Q140 158 132 158H68Q60 158 60 150Z", c.main)
        + rect(76, 118, 48, 24, "#fdfcf9", 3)
        + stroke("M86 130H114", c.dark, 3)
        + rect(60, 84, 9, 70, "#ffffff", 4, SHEEN)
    )


def rolls(look: Look) -> str:
    """Paper rolls, or nappies and tissues in their wrap."""
    c = look.colours
    return (
        patterned(
            look, "M38 78Q38 68 48 68H152Q162 68 162 78V156Q162 166 152 166H48Q38 166 38 156Z", (36, 66, 128, 102)
        )
        + oval(70, 66, 30, 16, "#fdfcf9")
        + oval(130, 66, 30, 16, "#fdfcf9")
        + oval(70, 66, 10, 5, c.dark)
        + oval(130, 66, 10, 5, c.dark)
        + rect(58, 98, 84, 40, "#fdfcf9", 8)
        + stroke("M74 112H126M82 124H118", c.main, 5)
    )
