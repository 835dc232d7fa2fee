"""What the simulated stores could sell: families of things, their words, their prices, and what goes with what."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Family:
    """One leaf category.

    Attributes:
        path: Category path, main one of every product in the family.
        nouns: What a product of the family is called.
        low: Lowest usual price, in pounds.
        high: Highest usual price, in pounds.
        materials: What its products are made of; empty where a shop would not say.
        goes_with: Leaf names of families a shopper looks at after this one; the other way round is rarer.
    """

    path: str
    nouns: tuple[str, ...]
    low: float
    high: float
    materials: tuple[str, ...] = ()
    goes_with: tuple[str, ...] = ()

    @property
    def leaf(self) -> str:
        """The last name of the path."""
        return self.path.rsplit(" > ", 1)[-1]


@dataclass(frozen=True, slots=True)
class Assortment:
    """The words one kind of store composes its catalogue from."""

    families: tuple[Family, ...]
    brands: tuple[str, ...]
    ranges: tuple[str, ...]
    colours: tuple[str, ...]
    sentence: str


HOME = Assortment(
    families=(
        Family("Kitchen > Pans", ("Frying Pan", "Saucepan", "Casserole", "Wok"), 18, 140,
               ("cast iron", "enamelled steel", "copper", "stainless steel"), ("Cook's Tools", "Baking")),
        Family("Kitchen > Knives", ("Chef's Knife", "Bread Knife", "Knife Block"), 15, 160,
               ("high-carbon steel", "stainless steel", "olive wood and steel"), ("Chopping Boards",)),
        Family("Kitchen > Chopping Boards", ("Chopping Board", "Serving Board"), 12, 60,
               ("oak", "beech", "slate"), ("Cook's Tools",)),
        Family("Kitchen > Cook's Tools", ("Whisk", "Ladle Set", "Peeler", "Grater"), 5, 35,
               ("stainless steel", "beech", "silicone")),
        Family("Kitchen > Baking", ("Loaf Tin", "Cake Tin", "Mixing Bowl"), 8, 45,
               ("enamelled steel", "stoneware", "carbon steel"), ("Cook's Tools",)),
        Family("Kitchen > Coffee", ("Cafetiere", "Coffee Grinder", "Moka Pot"), 16, 120,
               ("borosilicate glass", "aluminium", "stainless steel"), ("Mugs",)),
        Family("Tableware > Mugs", ("Mug", "Espresso Cup", "Teacup Set"), 6, 36,
               ("stoneware", "porcelain", "enamelled steel"), ("Plates",)),
        Family("Tableware > Plates", ("Dinner Plate", "Pasta Bowl", "Side Plate Set"), 7, 70,
               ("stoneware", "porcelain", "terracotta"), ("Glasses", "Cutlery")),
        Family("Tableware > Glasses", ("Wine Glass", "Tumbler Set", "Carafe"), 8, 60,
               ("recycled glass", "crystal glass")),
        Family("Tableware > Cutlery", ("Cutlery Set", "Serving Spoons"), 15, 120,
               ("stainless steel", "olive wood and steel"), ("Plates",)),
        Family("Bedroom > Duvet Covers", ("Duvet Cover", "Duvet Set"), 30, 150,
               ("linen", "organic cotton", "cotton percale"), ("Pillows", "Throws")),
        Family("Bedroom > Pillows", ("Pillow", "Pillowcase Pair"), 10, 70,
               ("down", "organic cotton", "wool"), ("Duvet Covers",)),
        Family("Bedroom > Throws", ("Throw", "Blanket"), 20, 110, ("lambswool", "cotton", "linen"), ("Cushions",)),
        Family("Living > Cushions", ("Cushion", "Floor Cushion"), 12, 65, ("linen", "velvet", "wool"), ("Throws",)),
        Family("Living > Table Lamps", ("Table Lamp", "Desk Lamp", "Reading Light"), 25, 160,
               ("brass", "ceramic", "oak"), ("Light Bulbs",)),
        Family("Living > Light Bulbs", ("LED Bulb", "Filament Bulb"), 4, 18, ("glass",)),
        Family("Living > Candles", ("Scented Candle", "Pillar Candle"), 6, 40,
               ("soy wax", "beeswax"), ("Candle Holders",)),
        Family("Living > Candle Holders", ("Candle Holder", "Lantern"), 8, 50,
               ("brass", "recycled glass", "cast iron"), ("Candles",)),
        Family("Garden > Planters", ("Planter", "Window Box", "Hanging Pot"), 10, 90,
               ("terracotta", "zinc", "fibre clay"), ("Seeds & Bulbs", "Hand Tools")),
        Family("Garden > Seeds & Bulbs", ("Wildflower Seeds", "Tulip Bulbs", "Herb Seeds"), 3, 20, (), ("Hand Tools",)),
        Family("Garden > Hand Tools", ("Trowel", "Secateurs", "Watering Can"), 8, 55,
               ("carbon steel and ash", "stainless steel"), ("Planters",)),
        Family("Garden > Bird Care", ("Bird Feeder", "Nest Box", "Bird Bath"), 10, 70,
               ("cedar", "recycled plastic", "stone"), ("Bird Food",)),
        Family("Garden > Bird Food", ("Sunflower Hearts", "Suet Balls", "Seed Mix"), 5, 30, ()),
        Family("Garden > Barbecues", ("Kettle Barbecue", "Gas Barbecue", "Fire Pit"), 80, 420,
               ("enamelled steel", "cast iron"), ("Barbecue Tools",)),
        Family("Garden > Barbecue Tools", ("Grill Tongs", "Charcoal Starter", "Grill Brush"), 9, 45,
               ("stainless steel", "beech and steel")),
    ),
    brands=("Alder & Oak", "Brackenhall", "Copperleaf", "Dovecote",
            "Fenwick Mill", "Larkfield", "Millrace", "Thornbury"),
    ranges=("Ashdown", "Bramley", "Cotswold", "Dartmoor", "Eskdale", "Foxglove", "Harvest", "Juniper", "Kestrel",
            "Lichen", "Meadow", "Orchard", "Pebble", "Quarry", "Rowan", "Saltmarsh", "Tansy", "Willow"),
    colours=("Sage", "Stone", "Charcoal", "Cream", "Indigo", "Terracotta", "Mustard", "Slate"),
    sentence="Made to be used every day, and easy to look after.",
)  # fmt: skip

FASHION = Assortment(
    families=(
        Family("Women > Dresses", ("Midi Dress", "Wrap Dress", "Shirt Dress"), 35, 180,
               ("viscose", "organic cotton", "Tencel", "linen"), ("Belts", "Sandals", "Handbags")),
        Family("Women > Blouses", ("Blouse", "Silk Shirt", "Tunic"), 25, 120,
               ("silk", "organic cotton", "viscose"), ("Skirts", "Women's Trousers")),
        Family("Women > Women's Knitwear", ("Cardigan", "Roll-Neck Jumper", "Knitted Vest"), 30, 150,
               ("merino wool", "cashmere", "organic cotton"), ("Skirts",)),
        Family("Women > Skirts", ("Pleated Skirt", "Pencil Skirt", "Denim Skirt"), 25, 110,
               ("denim", "wool", "viscose"), ("Tights & Socks",)),
        Family("Women > Women's Trousers", ("Wide-Leg Trousers", "Tailored Trousers"), 30, 140,
               ("linen", "wool", "Tencel"), ("Belts",)),
        Family("Women > Women's Coats", ("Wool Coat", "Trench Coat", "Quilted Jacket"), 80, 380,
               ("wool", "recycled down", "cotton gabardine"), ("Scarves", "Gloves")),
        Family("Men > Shirts", ("Oxford Shirt", "Linen Shirt", "Flannel Shirt"), 25, 110,
               ("organic cotton", "linen", "flannel"), ("Chinos", "Ties")),
        Family("Men > T-Shirts", ("T-Shirt", "Henley", "Polo Shirt"), 12, 60,
               ("organic cotton", "cotton and linen"), ("Jeans",)),
        Family("Men > Men's Knitwear", ("Crew-Neck Jumper", "Merino Jumper"), 35, 150,
               ("merino wool", "lambswool"), ("Chinos",)),
        Family("Men > Chinos", ("Chinos", "Corduroy Trousers"), 35, 120, ("cotton twill", "corduroy"), ("Belts",)),
        Family("Men > Jeans", ("Slim Jeans", "Straight Jeans"), 40, 150,
               ("denim", "organic denim"), ("Belts", "Trainers")),
        Family("Men > Men's Jackets", ("Field Jacket", "Overshirt", "Blazer"), 70, 360,
               ("wool", "waxed cotton", "corduroy"), ("Scarves", "Shirts")),
        Family("Men > Ties", ("Silk Tie", "Knitted Tie"), 15, 70, ("silk", "wool")),
        Family("Shoes > Ankle Boots", ("Chelsea Boots", "Lace-Up Boots"), 70, 240,
               ("leather", "suede"), ("Shoe Care", "Tights & Socks")),
        Family("Shoes > Trainers", ("Leather Trainers", "Canvas Trainers", "Runners"), 45, 180,
               ("leather", "canvas", "recycled mesh"), ("Tights & Socks",)),
        Family("Shoes > Sandals", ("Strappy Sandals", "Slider Sandals"), 25, 120, ("leather", "cork and leather")),
        Family("Shoes > Shoe Care", ("Leather Balm", "Suede Brush", "Cedar Shoe Trees"), 6, 35, ()),
        Family("Accessories > Belts", ("Leather Belt", "Woven Belt"), 15, 80, ("leather", "woven cotton")),
        Family("Accessories > Scarves", ("Wool Scarf", "Silk Scarf"), 15, 110,
               ("lambswool", "silk", "cashmere"), ("Gloves", "Hats")),
        Family("Accessories > Gloves", ("Leather Gloves", "Knitted Gloves"), 12, 75,
               ("leather", "merino wool"), ("Hats",)),
        Family("Accessories > Hats", ("Beanie", "Felt Hat", "Straw Hat"), 12, 70,
               ("merino wool", "wool felt", "straw"), ("Scarves",)),
        Family("Accessories > Handbags", ("Tote Bag", "Crossbody Bag", "Clutch"), 40, 260,
               ("leather", "canvas", "suede"), ("Purses",)),
        Family("Accessories > Purses", ("Purse", "Card Holder"), 18, 90, ("leather", "recycled leather")),
        Family("Accessories > Sunglasses", ("Sunglasses", "Aviators"), 20, 150, ("acetate", "steel")),
        Family("Accessories > Tights & Socks", ("Merino Socks", "Opaque Tights", "Ankle Socks"), 5, 28,
               ("merino wool", "organic cotton")),
    ),
    brands=("Atelier Noor", "Bergen Twill", "Casa Verano", "Dune & Drift",
            "Ebbe", "Lindqvist", "Marlowe", "Studio Vane"),
    ranges=("Alma", "Bruno", "Celeste", "Dahlia", "Elin", "Freya", "Greta", "Hugo", "Ines",
            "Jonas", "Klara", "Lotte", "Mila", "Nora", "Otto", "Petra", "Rosa", "Silas"),
    colours=("Navy", "Black", "Ecru", "Rust", "Olive", "Camel", "Burgundy", "Sky"),
    sentence="Cut for comfort and made to last more than one season.",
)  # fmt: skip

OUTDOOR = Assortment(
    families=(
        Family("Camping > Tents", ("2-Person Tent", "Family Tent", "Ultralight Tent"), 90, 520,
               ("ripstop nylon", "recycled polyester"), ("Sleeping Bags", "Sleeping Mats", "Lanterns")),
        Family("Camping > Sleeping Bags", ("3-Season Sleeping Bag", "Down Sleeping Bag"), 50, 340,
               ("down", "recycled polyester"), ("Sleeping Mats",)),
        Family("Camping > Sleeping Mats", ("Sleeping Mat", "Inflatable Mat"), 20, 160,
               ("closed-cell foam", "ripstop nylon"), ("Camp Pillows",)),
        Family("Camping > Camp Pillows", ("Camp Pillow", "Stuff Sack Pillow"), 9, 40,
               ("recycled polyester", "brushed cotton")),
        Family("Camping > Lanterns", ("Lantern", "Headlamp"), 15, 90,
               ("aluminium", "recycled plastic"), ("Camp Stoves",)),
        Family("Camping > Camp Stoves", ("Gas Stove", "Multi-Fuel Stove"), 25, 160,
               ("aluminium", "titanium", "steel"), ("Camp Cookware", "Fuel")),
        Family("Camping > Camp Cookware", ("Cook Set", "Titanium Pot", "Camp Mug"), 10, 90,
               ("titanium", "hard-anodised aluminium"), ("Fuel",)),
        Family("Camping > Fuel", ("Gas Canister", "Fuel Bottle"), 5, 25, ()),
        Family("Hiking > Backpacks", ("35 L Backpack", "55 L Backpack", "Daypack"), 40, 260,
               ("ripstop nylon", "recycled polyester"), ("Rain Covers", "Bottles & Filters")),
        Family("Hiking > Rain Covers", ("Rain Cover", "Dry Bag"), 9, 45, ("ripstop nylon",)),
        Family("Hiking > Boots", ("Hiking Boots", "Approach Shoes", "Trail Runners"), 70, 280,
               ("nubuck", "recycled mesh", "leather"), ("Hiking Socks", "Boot Care")),
        Family("Hiking > Hiking Socks", ("Hiking Socks", "Liner Socks"), 8, 32, ("merino wool",)),
        Family("Hiking > Boot Care", ("Waterproofing Wax", "Insoles", "Laces"), 5, 40, ()),
        Family("Hiking > Trekking Poles", ("Trekking Poles", "Folding Poles"), 30, 150,
               ("carbon fibre", "aluminium"), ("Boots",)),
        Family("Hiking > Maps & Compasses", ("Compass", "Map Case"), 8, 70, ()),
        Family("Hiking > Bottles & Filters", ("Water Bottle", "Water Filter", "Hydration Bladder"), 10, 80,
               ("stainless steel", "Tritan")),
        Family("Clothing > Rain Jackets", ("Rain Jacket", "Hardshell"), 70, 380,
               ("three-layer nylon", "recycled polyester"), ("Rain Trousers", "Fleeces")),
        Family("Clothing > Rain Trousers", ("Rain Trousers", "Gaiters"), 30, 180,
               ("three-layer nylon", "ripstop nylon")),
        Family("Clothing > Fleeces", ("Fleece", "Down Vest"), 35, 200,
               ("recycled polyester", "merino wool"), ("Base Layers",)),
        Family("Clothing > Base Layers", ("Base Layer Top", "Base Layer Leggings"), 22, 95, ("merino wool", "bamboo")),
        Family("Climbing > Climbing Shoes", ("Climbing Shoes", "Bouldering Shoes"), 55, 170,
               ("suede", "microfibre"), ("Chalk", "Harnesses")),
        Family("Climbing > Harnesses", ("Climbing Harness", "Sport Harness"), 40, 120,
               ("nylon webbing",), ("Ropes", "Quickdraws")),
        Family("Climbing > Ropes", ("Single Rope", "Half Rope"), 80, 260, ("nylon",), ("Rope Bags", "Quickdraws")),
        Family("Climbing > Quickdraws", ("Quickdraw Set", "Locking Carabiner"), 9, 120, ("aluminium", "steel")),
        Family("Climbing > Rope Bags", ("Rope Bag", "Rope Tarp"), 20, 70, ("ripstop nylon",)),
        Family("Climbing > Chalk", ("Chalk Bag", "Chalk Ball"), 5, 35, ()),
    ),
    brands=("Arête Works", "Basecamp Nine", "Cairnfoot", "Driftline",
            "Fellwind", "Graniteer", "Longtrail", "Tarn & Tor"),
    ranges=("Alpine", "Boulder", "Cascade", "Divide", "Elk", "Falcon", "Glacier", "Horizon", "Ibex",
            "Juneau", "Lodgepole", "Mesa", "Nomad", "Pinnacle", "Ridge", "Summit", "Teton", "Yukon"),
    colours=("Pine", "Granite", "Ember", "Sand", "Glacier Blue", "Moss", "Carbon", "Sunset"),
    sentence="Tested in bad weather, and repaired free of charge for two years.",
)  # fmt: skip
