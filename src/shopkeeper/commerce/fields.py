"""Field types shared by the tables of the data contract, each with its bounds.

The bounds are part of the type, so one definition serves validation at intake, the OpenAPI page and the table schema.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

Id = Annotated[str, Meta(min_length=1, max_length=200, description="Identifier, 1 to 200 characters")]
Label = Annotated[str, Meta(max_length=500, description="Short text, up to 500 characters")]
Text = Annotated[str, Meta(max_length=100_000, description="Text, up to 100,000 characters")]
Currency = Annotated[str, Meta(pattern="^[A-Z]{3}$", description="ISO 4217 code, such as GBP")]
Amount = Annotated[float, Meta(ge=0, le=1e9, description="Money in units of the row's currency, 0 or more")]
SignedAmount = Annotated[float, Meta(ge=-1e9, le=1e9, description="Money in units of the row's currency")]
Quantity = Annotated[float, Meta(ge=0, le=1e9, description="Units, 0 or more")]
Count = Annotated[int, Meta(ge=0, le=10_000_000, description="Whole number, 0 or more")]
Categories = Annotated[
    tuple[Label, ...], Meta(max_length=50, description="Paths `a > b > c`; the first is the main one")
]
