"""What a call to a language model costs: by prices that were set, else by the published list of its provider."""

from __future__ import annotations

from collections.abc import Callable

from genai_prices import Usage, calc_price

from shopkeeper.errors import ConfigError

Price = Callable[[int, int], float]
"""US dollars of a call from its tokens in and out."""


def price_of(url: str, model: str, dollars_in: float | None, dollars_out: float | None) -> Price:
    """The price of a model's calls.

    Args:
        url: Of the server.
        model: As the server names it.
        dollars_in, dollars_out: US dollars a million tokens; None = by the list that comes with `genai-prices`.

    Raises:
        ConfigError: one of the two alone is set, or none and the list does not know server and model.
    """
    if dollars_in is not None and dollars_out is not None:
        return lambda tokens_in, tokens_out: (tokens_in * dollars_in + tokens_out * dollars_out) / 1e6
    if dollars_in is not None or dollars_out is not None:
        raise ConfigError(
            f"Of writer_input_price ({dollars_in}) and writer_output_price ({dollars_out}) one is not set.",
            "Set both in [content], US dollars a million tokens; 0 for a server of your own.",
        )

    def listed(tokens_in: int, tokens_out: int) -> float:
        usage = Usage(input_tokens=tokens_in, output_tokens=tokens_out)
        return float(calc_price(usage, model, provider_api_url=url).total_price)

    try:
        listed(1, 1)
    except LookupError as error:
        raise ConfigError(
            f"No list of prices knows {model!r} at {url} ({error}), so its budget could not be held.",
            "Set writer_input_price and writer_output_price in [content], US dollars a million tokens; "
            "0 for a server of your own.",
        ) from error
    return listed
