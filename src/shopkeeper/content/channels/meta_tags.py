"""Tags for the head of a product's page, for search engines and for those who share it: one JSON document a line.

Source: ogp.me; developers.google.com/search/docs/crawling-indexing/consolidate-duplicate-urls (the canonical address
is absolute, without fragment, and the same one that stands in the sitemap).
"""

from __future__ import annotations

import html
import json

from shopkeeper.content.channels.channel import Channel
from shopkeeper.content.channels.offer import Offer


def tags(offer: Offer) -> str:
    """Return the tags, one a line, for what is published."""
    title, said = offer.said("meta_title", "title"), offer.said("meta_description")
    rows = [f"<title>{html.escape(title)}</title>" if title else "", _tag("name", "description", said)]
    rows += [f'<link rel="canonical" href="{html.escape(offer.link)}">' if offer.link else ""]
    rows += [_tag("property", "og:type", "product")]
    rows += [_tag("property", name, value) for name, value in _shared(offer, title, said)]
    return "\n".join(row for row in rows if row)


def _shared(offer: Offer, title: str, said: str) -> tuple[tuple[str, str], ...]:
    return (
        ("og:title", title),
        ("og:description", said),
        ("og:url", offer.link),
        ("og:locale", offer.locale.replace("-", "_") if "-" in offer.locale or "_" in offer.locale else ""),
        ("og:image", offer.image),
        ("og:image:alt", offer.said("alt_text") if offer.image else ""),
    )


def _tag(kind: str, name: str, content: str) -> str:
    return f'<meta {kind}="{name}" content="{html.escape(content)}">' if content else ""


def entry(offer: Offer) -> str:
    """Return its line: product, locale, and the tags."""
    found = {"product": offer.product.product, "locale": offer.locale, "html": tags(offer)}
    return json.dumps(found, ensure_ascii=False) + "\n"


META_TAGS = Channel(suffix=".jsonl", fields=("meta_title", "title", "meta_description", "alt_text"), entry=entry)
