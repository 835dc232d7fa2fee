"""Pictures of things people wear."""

from __future__ import annotations

from shopkeeper.web.pictures.look import SHADE, SHEEN, Look, circle, oval, patterned, rect, shape, stroke


def shirt(look: Look) -> str:
    """A T-shirt, or a jumper with long sleeves."""
    c = look.colours
    long = look.pick(3, 2) == 1
    cuff = 128 if long else 92
    body = "M68 52C82 62 118 62 132 52L150 62V160Q100 168 50 160V62Z"
    left = f"M68 52L44 64L{30 if long else 26} {cuff}L{48 if long else 50} {cuff + 8}L58 84Z"
    right = f"M132 52L156 64L{170 if long else 174} {cuff}L{152 if long else 150} {cuff + 8}L142 84Z"
    return (
        shape(left, c.dark)
        + shape(right, c.dark)
        + patterned(look, body, (48, 50, 104, 116))
        + shape("M76 54C84 72 116 72 124 54C112 62 88 62 76 54Z", c.dark)
        + stroke("M58 84V158M142 84V158", c.dark, 1.5, 'stroke-opacity=".4"')
    )


def coat(look: Look) -> str:
    """A coat with lapels and buttons."""
    c = look.colours
    body = "M66 44L134 44L150 58L158 168Q100 176 42 168L50 58Z"
    buttons = "".join(circle(108, y, 3.5, c.accent) for y in (98, 120, 142))
    return (
        shape("M50 56L30 132L50 140L62 84Z", c.dark)
        + shape("M150 56L170 132L150 140L138 84Z", c.dark)
        + shape(body, c.main)
        + shape("M100 84L72 44L64 62L82 90Z", c.dark)
        + shape("M100 84L128 44L136 62L118 90Z", c.dark)
        + shape("M74 44H126L100 82Z", c.light)
        + stroke("M100 84V172", c.dark, 2)
        + buttons
        + rect(58, 124, 26, 5, c.dark, 2)
        + rect(120, 124, 26, 5, c.dark, 2)
    )


def dress(look: Look) -> str:
    """A dress with straps and a wide skirt."""
    c = look.colours
    body = "M76 40L82 62H118L124 40L130 84L122 96L152 168Q100 180 48 168L78 96L70 84Z"
    return (
        patterned(look, body, (46, 38, 108, 142))
        + rect(76, 90, 48, 8, c.accent, 3)
        + stroke("M88 104L72 168M112 104L128 168M100 104V172", c.dark, 1.5, 'stroke-opacity=".35"')
    )


def trousers(look: Look) -> str:
    """Trousers."""
    return _legs(look, 170)


def shorts(look: Look) -> str:
    """Shorts."""
    return _legs(look, 112)


def _legs(look: Look, end: int) -> str:
    c = look.colours
    spread = 8 if end == 112 else 2
    left = f"M64 42H100V70L94 {end}H{62 - spread}Z"
    right = f"M100 42H136L{138 + spread} {end}H106L100 70Z"
    return (
        shape(left, c.main)
        + shape(right, c.main)
        + shape(right, c.dark, SHADE)
        + rect(62, 38, 76, 11, c.dark, 3)
        + rect(95, 36, 10, 14, c.accent, 2)
        + stroke("M68 56Q82 60 84 50M132 56Q118 60 116 50", c.dark, 2)
        + stroke(f"M100 50V72M82 72L80 {end - 4}M118 72L120 {end - 4}", c.dark, 1.5, 'stroke-opacity=".5"')
    )


def shoe(look: Look) -> str:
    """A trainer."""
    c = look.colours
    return (
        shape("M36 98C48 104 62 96 68 82L88 84L124 112C144 118 166 118 170 138V146H34Z", c.main)
        + shape("M36 98C48 104 62 96 68 82L74 84C70 106 50 116 35 116Z", c.dark)
        + shape("M128 114C148 118 168 120 170 140H140C140 128 136 120 128 114Z", c.dark)
        + shape("M30 142H174C176 152 170 158 162 158H44C34 158 30 152 30 142Z", c.light)
        + rect(30, 150, 145, 4, c.accent, 2)
        + stroke("M88 90L80 102M98 97L90 109M108 104L100 116", "#ffffff", 4)
        + stroke("M60 134C80 134 96 128 106 118", c.accent, 4)
    )


def beanie(look: Look) -> str:
    """A knitted hat with a bobble."""
    c = look.colours
    body = "M52 132C48 84 70 58 100 58C130 58 152 84 148 132Z"
    return (
        circle(100, 52, 17, c.light)
        + circle(94, 47, 6, "#ffffff", SHEEN)
        + patterned(look, body, (46, 56, 108, 80))
        + rect(46, 124, 108, 26, c.dark, 10)
        + stroke("M64 128V146M82 128V146M100 128V146M118 128V146M136 128V146", c.main, 2.5)
    )


def hat(look: Look) -> str:
    """A hat with a brim."""
    c = look.colours
    return (
        oval(100, 138, 82, 20, c.dark)
        + oval(100, 133, 80, 17, c.main)
        + shape("M60 132C60 82 72 66 88 70Q100 76 112 70C128 66 140 82 140 132Q100 146 60 132Z", c.main)
        + shape("M60 116Q100 130 140 116L140 132Q100 146 60 132Z", c.accent)
        + shape("M70 118C70 90 76 76 86 76C80 88 78 102 80 121Z", "#ffffff", SHEEN)
    )


def handbag(look: Look) -> str:
    """A handbag."""
    c = look.colours
    return (
        stroke("M72 86C72 40 128 40 128 86", c.dark, 7)
        + patterned(look, "M46 82H154L164 160Q100 170 36 160Z", (34, 80, 132, 90))
        + shape("M46 82H154L157 108Q100 124 43 108Z", c.dark)
        + rect(92, 106, 16, 20, c.accent, 4)
    )


def backpack(look: Look) -> str:
    """A backpack."""
    c = look.colours
    return (
        stroke("M82 52C82 32 118 32 118 52", c.dark, 6)
        + rect(36, 96, 24, 58, c.dark, 11)
        + rect(140, 96, 24, 58, c.dark, 11)
        + patterned(look, "M54 88C54 58 74 46 100 46C126 46 146 58 146 88V164Q100 172 54 164Z", (52, 44, 96, 128))
        + rect(66, 112, 68, 44, c.dark, 10)
        + rect(66, 112, 68, 16, c.light, 7)
        + rect(95, 122, 10, 14, c.accent, 3)
    )


def jewellery(look: Look) -> str:
    """A necklace with a pendant, or a ring with a stone."""
    c = look.colours
    if look.pick(3, 2):
        return (
            stroke("M52 42C54 108 84 124 100 128C116 124 146 108 148 42", "#c9a24b", 4)
            + "".join(circle(x, y, 4.5, c.light) for x, y in ((60, 84), (78, 110), (122, 110), (140, 84)))
            + shape("M100 124L120 144L100 174L80 144Z", c.main)
            + shape("M100 124L120 144H80Z", c.light)
            + shape("M100 124L108 144L100 174L92 144Z", "#ffffff", SHEEN)
        )
    return (
        stroke("M100 74A44 44 0 1 1 99 74", "#c9a24b", 11)
        + stroke("M70 96A38 38 0 0 0 66 132", "#efd594", 4)
        + shape("M76 52L88 38H112L124 52L100 82Z", c.main)
        + shape("M76 52H124L112 38H88Z", c.light)
        + shape("M90 52H110L100 82Z", "#ffffff", SHEEN)
    )


def watch(look: Look) -> str:
    """A wrist watch."""
    c = look.colours
    return (
        shape("M82 24H118L124 66H76ZM76 134H124L118 176H82Z", c.dark)
        + stroke("M90 34H110M88 46H112M90 166H110M88 154H112", c.main, 2.5)
        + circle(100, 100, 44, c.accent)
        + circle(100, 100, 37, "#fdfcf9")
        + rect(142, 94, 9, 12, c.accent, 3)
        + stroke("M100 70V74M130 100H126M100 130V126M70 100H74", c.dark, 3.5)
        + stroke("M100 100V78M100 100L116 109", c.dark, 4)
        + circle(100, 100, 4, c.main)
    )


def sock(look: Look) -> str:
    """A pair of socks, or of gloves by their cut."""
    c = look.colours
    far = "M104 44H138V112C138 126 168 130 168 148C168 160 156 164 142 162L112 148C106 144 104 138 104 130Z"
    near = "M50 48H86V118C86 132 118 136 118 154C118 168 104 170 90 168L60 154C53 150 50 144 50 136Z"
    return (
        shape(far, c.dark)
        + patterned(look, near, (48, 46, 72, 126))
        + rect(48, 44, 40, 15, c.accent, 5)
        + rect(102, 40, 38, 14, c.accent, 5)
        + shape("M118 154C118 168 104 170 92 168C92 156 104 148 116 148Z", c.accent)
    )


def glasses(look: Look) -> str:
    """A pair of glasses."""
    c = look.colours
    return (
        stroke("M28 84L18 76M172 84L182 76", c.dark, 6)
        + rect(26, 80, 62, 46, c.light, 20, f'stroke="{c.dark}" stroke-width="7"')
        + rect(112, 80, 62, 46, c.light, 20, f'stroke="{c.dark}" stroke-width="7"')
        + stroke("M88 94C94 86 106 86 112 94", c.dark, 6)
        + stroke("M42 112L58 92M128 112L144 92", "#ffffff", 5, 'stroke-opacity=".7"')
    )
