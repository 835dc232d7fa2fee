"""Names of what the shops of the worlds sell: departments with their categories, looks, and syllables of brands."""

from __future__ import annotations

from typing import Final

DEPARTMENTS: Final[dict[str, tuple[str, ...]]] = {
    "Kitchen": ("Pans", "Mugs", "Coffee", "Tea"),
    "Bath": ("Towels", "Soap", "Shampoo"),
    "Clothing": ("Shirts", "Jackets", "Trousers", "Socks"),
    "Shoes": ("Trainers", "Boots", "Shoe Care"),
    "Electronics": ("Phones", "Phone Cases", "Chargers", "Headphones"),
    "Garden": ("Pots", "Seeds", "Soil"),
    "Children": ("Toys", "Puzzles", "Nappies"),
    "Pets": ("Dog Food", "Cat Food", "Litter"),
}
"""Department -> its categories."""

LOOKS: Final = (
    "linen", "retro", "matte", "striped", "floral", "oak", "steel", "recycled", "ribbed", "pastel", "navy", "ivory",
    "rugged", "slim", "compact", "quilted", "woven", "brushed", "minimal", "bold", "vintage", "organic", "foldable",
    "waterproof",
)  # fmt: skip
"""Words of titles and descriptions that say what a product looks like and is made of."""

SYLLABLES: Final = ("al", "ber", "co", "dra", "el", "fin", "gar", "hol", "is", "ju", "kel", "lum", "mo", "nor", "ost")

AGE_BANDS: Final = ("18-24", "25-34", "35-44", "45-54", "55-64", "65+")
GENDERS: Final = ("female", "male", "other")
REGIONS: Final = ("north", "east", "south", "west", "coast", "capital")
SEGMENTS: Final = ("family", "single", "student", "senior", "trade")


def categories() -> tuple[tuple[str, str], ...]:
    """Return (department, category) of every category."""
    return tuple((department, leaf) for department, leaves in DEPARTMENTS.items() for leaf in leaves)
