"""The process of `wiring.pricing.aside`: reads one question from its input and writes the answer, or why there is none.

The answer is JSON; an error is one too, after an exclamation mark.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec

from shopkeeper.errors import ShopkeeperError
from shopkeeper.wiring.pricing.aside import DiagnosisAsked, ExplainAsked, Fault, Order
from shopkeeper.wiring.pricing.diagnosed import diagnosed
from shopkeeper.wiring.pricing.explain import explain_price, margin_frontier
from shopkeeper.wiring.settings import load_settings

OOM_SCORE: Final = Path("/proc/self/oom_score_adj")
FIRST_TO_GO: Final = "1000"
NICE: Final = 10
"""So much later than the process that serves shoppers it gets a processor."""


def main() -> None:
    """Answer and end."""
    _yield_to_servers()
    # Logs may go to the standard output; only the answer may stand there.
    answer = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    answer.write(answered(sys.stdin.buffer.read()))
    answer.close()


def _yield_to_servers() -> None:
    """Come after the process that serves shoppers: for the processor, and, where memory runs out, for staying alive."""
    os.nice(NICE)
    with suppress(OSError):  # there is no such file outside Linux
        OOM_SCORE.write_text(FIRST_TO_GO)


def answered(order: bytes) -> bytes:
    """Return the answer to an order."""
    told = msgspec.json.decode(order, type=Order)
    asked = told.question
    try:
        settings = load_settings(Path(told.workspace), need_file=False)
        if isinstance(asked, ExplainAsked):
            return msgspec.json.encode(
                explain_price(settings, asked.product, asked.store, price_list=asked.price_list, at=asked.at)
            )
        if isinstance(asked, DiagnosisAsked):
            return msgspec.json.encode(diagnosed(settings, asked.version))
        return msgspec.json.encode(margin_frontier(settings, asked.store, asked.margins, at=asked.at))
    except ShopkeeperError as error:
        return b"!" + msgspec.json.encode(Fault.of(error))


if __name__ == "__main__":
    main()
