"""All channels by name."""

from __future__ import annotations

from collections.abc import Mapping

from shopkeeper.content.channels.channel import Channel
from shopkeeper.content.channels.google_merchant import GOOGLE_MERCHANT
from shopkeeper.content.channels.json_ld import JSON_LD
from shopkeeper.content.channels.meta_tags import META_TAGS
from shopkeeper.content.channels.plain import CSV, JSONL
from shopkeeper.content.channels.shopify import SHOPIFY
from shopkeeper.content.channels.woocommerce import WOOCOMMERCE
from shopkeeper.errors import InputError

CHANNELS: Mapping[str, Channel] = {
    "shopify": SHOPIFY,
    "woocommerce": WOOCOMMERCE,
    "google-merchant": GOOGLE_MERCHANT,
    "json-ld": JSON_LD,
    "meta-tags": META_TAGS,
    "csv": CSV,
    "jsonl": JSONL,
}


def channel_named(name: str) -> Channel:
    """Return a channel.

    Raises:
        InputError: Nobody knows it.
    """
    if name not in CHANNELS:
        raise InputError(f"Channel {name!r} is not known.", f"Use one of: {', '.join(CHANNELS)}.")
    return CHANNELS[name]
