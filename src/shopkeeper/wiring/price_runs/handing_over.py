"""How decided prices leave the house: the signed webhook, and files for a shop's own importer."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import structlog

from shopkeeper.engines.price_webhook import PriceWebhook
from shopkeeper.engines.state import State
from shopkeeper.errors import ConfigError, Unavailable
from shopkeeper.pricing.runs.ports import ChangesTaker
from shopkeeper.pricing.runs.price_files import FileFormat, price_file
from shopkeeper.wiring.environment import expanded
from shopkeeper.wiring.price_runs.asked import product_of
from shopkeeper.wiring.settings import Settings

_log = structlog.get_logger(__name__)


def send_changes(settings: Settings, state: State) -> int:
    """Send every change that has not left the house to the webhook, where there is one; return how many were taken.

    What is not taken is sent again by the next call.
    """
    webhook = open_webhook(settings)
    if webhook is None:
        return 0
    try:
        return hand_over(state, webhook, settings.price_webhook.batch_rows)
    finally:
        webhook.close()


def hand_over(state: State, taker: ChangesTaker, batch_rows: int) -> int:
    """Hand every waiting change over in order and note it, batch by batch; return how many were taken."""
    taken = 0
    while batch := state.prices.not_handed(batch_rows):
        try:
            taker.take(batch)
        except Unavailable as error:
            _log.warning("prices_not_handed_over", waiting=len(batch), error=error.reason)
            return taken
        taken += state.prices.handed([one.number for one in batch], "webhook", datetime.now(UTC))
    return taken


def open_webhook(settings: Settings) -> PriceWebhook | None:
    """Return the webhook of the settings; None where there is none. Raises ConfigError where it has no secret."""
    chosen = settings.price_webhook
    if not chosen.url:
        return None
    if not chosen.url.startswith(("https://", "http://")):
        raise ConfigError(f"price_webhook.url is {chosen.url!r}.", "Write an address that begins with https://.")
    return PriceWebhook(chosen.url, _secret(settings), chosen.seconds)


def _secret(settings: Settings) -> str:
    chosen = settings.price_webhook
    if chosen.secret_file is not None:
        file = settings.folder(chosen.secret_file)
        try:
            secret = file.read_text("utf-8").strip()
        except OSError as error:
            raise ConfigError(
                f"price_webhook.secret_file cannot be read: {error}.", "Write the secret there."
            ) from error
    else:
        secret = expanded(chosen.secret, "price_webhook.secret")
    if len(secret) < 16:
        raise ConfigError(
            "price_webhook has no secret of at least 16 letters.",
            'Set `secret = "${NAME}"` and that variable, or name a `secret_file`; `openssl rand -hex 32` makes one.',
        )
    return secret


def export_prices(state: State, store: str, form: FileFormat, out: Path, since: int = 0, run: str = "") -> int:
    """Write the prices that hold of a store as a file for a shop's importer, and note them as handed over.

    Args:
        since: Only prices of a higher number.
        run: Only prices this run decided.
    Returns:
        How many prices the file holds.
    """
    chosen = [
        one
        for one in state.prices.published()
        if one.store == store and one.number > since and (not run or one.run == run)
    ]
    names = {one.product: parent_of(state, store, one.product) for one in chosen} if form == "shopify" else {}
    part = out.with_name(out.name + ".part")
    part.write_text(price_file(chosen, form, names), "utf-8", newline="")
    part.replace(out)
    state.prices.handed([one.number for one in chosen], "csv", datetime.now(UTC))
    return len(chosen)


def parent_of(state: State, store: str, product: str) -> str:
    """Return the product a variant hangs under, else the product itself."""
    found = product_of(state, store, product)
    return product if found is None or found.parent is None else found.parent
