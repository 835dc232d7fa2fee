"""A picture of a product that has none: drawn from its words, the same each time, with nothing fetched."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache

from markupsafe import Markup

from shopkeeper.web.pictures import clothing, home, kitchen, leisure, outdoors, pantry
from shopkeeper.web.pictures.look import Look, look_of, oval, rect

Draw = Callable[[Look], str]

_WORDS: tuple[tuple[Draw, str], ...] = (
    (outdoors.tent, "tent tents"),
    (outdoors.sleeping_bag, "sleeping"),
    (outdoors.mat, "mat mats yoga"),
    (outdoors.lantern, "lantern headlamp torch flashlight"),
    (outdoors.stove, "stove canister fuel"),
    (outdoors.poles, "pole poles"),
    (outdoors.compass, "compass map maps"),
    (outdoors.carabiner, "carabiner quickdraw quickdraws"),
    (outdoors.rope, "rope ropes laces"),
    (outdoors.harness, "harness harnesses"),
    (outdoors.chalk, "chalk tarp sack"),
    (outdoors.barbecue, "barbecue firepit pit bbq charcoal"),
    (outdoors.tongs, "tongs turner spatula utensil grill"),
    (outdoors.trowel, "trowel secateurs spade"),
    (outdoors.watering_can, "watering can"),
    (outdoors.seeds, "seeds wildflower tulip"),
    (outdoors.bird_house, "bird feeder birdhouse"),
    (outdoors.bulb, "bulb led filament"),
    (kitchen.knife, "knife knives cleaver"),
    (kitchen.board, "board boards chopping"),
    (kitchen.whisk, "whisk ladle peeler grater cook"),
    (kitchen.glass, "glass carafe decanter goblet tumbler stemware"),
    (kitchen.coffee_pot, "cafetiere grinder moka teapot kettle percolator"),
    (kitchen.tin, "tin mixing baking loaf"),
    (kitchen.belt, "belt belts"),
    (kitchen.scarf, "scarf scarves shawl"),
    (kitchen.glove, "glove gloves mittens"),
    (kitchen.tie, "tie ties"),
    (kitchen.skirt, "skirt skirts"),
    (kitchen.boots, "boot boots hiking approach gaiters"),
    (kitchen.water_bottle, "bottle filter flask bladder hydration"),
    (clothing.dress, "dress dresses skirt gown"),
    (clothing.shorts, "shorts"),
    (clothing.trousers, "trousers jeans pants leggings chinos bottoms"),
    (clothing.coat, "coat jacket parka blazer outerwear raincoat gilet overshirt hardshell"),
    (clothing.shoe, "shoe trainer sneaker boot sandal footwear running slipper loafer runner"),
    (clothing.beanie, "beanie headwear"),
    (clothing.hat, "hat cap"),
    (clothing.backpack, "backpack rucksack daypack luggage suitcase"),
    (clothing.handbag, "bag tote handbag wallet purse clutch"),
    (clothing.watch, "watch watches"),
    (clothing.jewellery, "jewellery jewelry necklace ring earring bracelet pendant"),
    (clothing.sock, "sock socks glove underwear hosiery tights"),
    (clothing.glasses, "glasses sunglasses eyewear goggles"),
    (clothing.shirt, "shirt tee top tops blouse sweater jumper knitwear hoodie cardigan polo pullover apparel clothing "
                     "fashion pyjamas apron tunic henley fleece vest layer"),
    (home.mug, "mug mugs cup teacup tumbler thermos flask"),
    (home.plate, "plate bowl dish tableware crockery dinner saucer cutlery fork knife spoon tray platter"),
    (home.lamp, "lamp lamps lighting lantern light bulb"),
    (home.candle, "candle candles incense tealight"),
    (home.chair, "chair chairs stool bench seating seat"),
    (home.sofa, "sofa couch armchair furniture"),
    (home.table, "table desk shelf sideboard cabinet bookcase wardrobe dresser"),
    (home.bed, "bed bedding duvet mattress sheet linen bedroom"),
    (home.cushion, "cushion pillow pillowcase"),
    (home.blanket, "blanket throw towel rug carpet textile curtain"),
    (home.plant, "plant plants flower garden planter seed floral herb outdoor"),
    (home.clock, "clock alarm timer"),
    (home.pan, "pan saucepan cookware casserole wok kitchen baking oven cooking"),
    (home.frame, "frame mirror poster print art wall picture canvas sign"),
    (home.storage, "basket storage tin box drawer organiser organizer crate hanger bin caddy cleaning laundry"),
    (pantry.bottle, "wine beer oil juice vinegar soda water drink beverage spirits cider drinks vodka gin"),
    (pantry.jar, "jam honey jar sauce spice spread pickle marmalade mustard peanut salsa condiment"),
    (pantry.packet, "coffee tea crisps chips pasta rice snack nuts flour sugar bag-snacks frozen crackers popcorn"),
    (pantry.carton, "milk cereal carton dairy yogurt yoghurt cream oat breakfast soup"),
    (pantry.fruit, "fruit apple pear orange citrus banana berries grapes lemon"),
    (pantry.vegetable, "vegetable carrot salad broccoli potato tomato produce veg lettuce onion"),
    (pantry.bread, "bread bakery loaf roll bun baguette bagel"),
    (pantry.cheese, "cheese butter deli egg eggs margarine"),
    (pantry.cake, "cake chocolate sweet candy cookie biscuit dessert cupcake confectionery ice"),
    (pantry.meat, "meat beef pork chicken fish seafood sausage ham bacon turkey steak"),
    (pantry.soap, "soap shampoo lotion detergent bath shower hand body conditioner cleanser"),
    (pantry.tube, "toothpaste lipstick cream makeup cosmetic mascara skincare serum balm dental"),
    (pantry.perfume, "perfume fragrance cologne scent beauty nail"),
    (pantry.rolls, "tissue tissues paper nappy diaper napkin toilet rolls wipes"),
    (leisure.book, "book books notebook novel diary cookbook comic magazine journal album"),
    (leisure.card, "card cards envelope wrap birthday postcard gift-wrap stationery ribbon"),
    (leisure.pen, "pen pencil marker crayon office craft paint"),
    (leisure.bear, "bear plush doll soft baby teddy bunny rabbit cat dog animal kids children"),
    (leisure.blocks, "toy toys blocks puzzle game games lego dice building"),
    (leisure.ball, "ball football basketball tennis soccer sport sports racket"),
    (leisure.bike, "bike bicycle cycling scooter"),
    (leisure.dumbbell, "dumbbell yoga fitness gym weight mat training exercise camping"),
    (leisure.hammer, "tool tools hammer drill screwdriver diy hardware saw wrench"),
    (leisure.phone, "phone smartphone tablet mobile reader"),
    (leisure.laptop, "laptop computer monitor tv television screen keyboard notebook-pc"),
    (leisure.headphones, "headphone headphones earphones speaker audio earbuds radio music"),
    (leisure.camera, "camera lens photo webcam"),
    (leisure.cable, "cable charger adapter battery electrical electronics plug usb power accessories"),
    (leisure.paw, "pet pets collar leash food-bowl treats"),
    (leisure.heart, "heart star ornament decoration decorations christmas bunting party wreath"),
)  # fmt: skip
_PHRASES: tuple[tuple[str, Draw], ...] = (
    ("sleeping bag", outdoors.sleeping_bag),
    ("card holder", clothing.handbag),
    ("rain cover", clothing.backpack),
    ("dry bag", outdoors.chalk),
    ("chalk ba", outdoors.chalk),
    ("rope bag", outdoors.chalk),
    ("bird bath", outdoors.bird_house),
    ("nest box", outdoors.bird_house),
    ("suet ball", outdoors.bird_house),
    ("sunflower heart", outdoors.bird_house),
    ("seed mix", outdoors.bird_house),
    ("tulip bulb", outdoors.seeds),
    ("window box", home.plant),
    ("t-light", home.candle),
)
"""Where the last word alone would mislead."""
_DRAW: dict[str, Draw] = {word: draw for draw, words in reversed(_WORDS) for word in words.split()}
_LETTERS = re.compile(r"[^\W\d_]+")


def drawing_for(title: str, categories: Sequence[str]) -> Draw:
    """Return what fits a product: by its title's last fitting word, else its deepest category, else a wrapped box.

    English names put the thing last: a "bear mug" is a mug.
    """
    lowered = title.lower()
    for phrase, draw in _PHRASES:
        if phrase in lowered:
            return draw
    for text in (title, *(part for path in categories for part in reversed(path.split(">")))):
        for word in reversed(_LETTERS.findall(text.lower())):
            found = _DRAW.get(word) or _DRAW.get(word.removesuffix("s")) or _DRAW.get(word.removesuffix("es"))
            if found:
                return found
    return leisure.gift


@lru_cache(maxsize=4096)
def picture(title: str, categories: tuple[str, ...], brand: str, colour: str = "", label: str = "") -> Markup:
    """Return the picture as inline SVG, with no words of the product inside it but its escaped label.

    Args:
        title: Shown name.
        categories: Paths, the main one first.
        brand: Brand; its products share colours.
        colour: The product's own colour in words; empty = its brand's colours.
        label: What a screen reader says; empty = the picture is decoration.
    """
    look = look_of(title, brand, colour)
    named = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    drawn = (
        rect(0, 0, 200, 200, look.colours.near)
        + oval(100, 236, 190, 92, look.colours.far)
        + oval(100, 171, 62, 7, "#000000", 'fill-opacity=".12"')
        + drawing_for(title, categories)(look)
    )
    # Only numbers and colours of this package are drawn; nothing in it comes from data.
    body = Markup(drawn)  # noqa: S704
    return Markup('<svg class="picture" viewBox="0 0 200 200" {} focusable="false">{}</svg>').format(named, body)
