"""Every metric an objective may name, once: what it is, in what unit, and which way is better."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Direction = Literal["up", "down"]
Place = Literal["shoppers", "service", "training", "texts"]
Form = Literal["proportion", "mean", "ratio", "quantile"]


@dataclass(frozen=True, slots=True)
class Metric:
    """One thing that can be measured.

    Attributes:
        unit: What one is; `share` lies between 0 and 1.
        direction: Which way is better.
        place: Where it is measured: on shoppers (or products, for prices), on the service that answers them, in a
            training run on data held back, or on the texts that reviewers see.
        form: `proportion` of units that did it, `mean` over units, `ratio` of two sums over units, or a `quantile`.
        definition: What is counted, in words.
    """

    name: str
    unit: str
    direction: Direction
    place: Place
    form: Form
    definition: str


_MONEY_PER_USER = "store currency per user"
_ALL: Final = (
    Metric("ctr", "share", "up", "shoppers", "ratio", "Clicks on what was shown, over impressions of it."),
    Metric("cart_rate", "share", "up", "shoppers", "proportion", "Users who put something into the cart."),
    Metric("conversion", "share", "up", "shoppers", "proportion", "Users who bought within the attribution window."),
    Metric("aov", "store currency per order", "up", "shoppers", "ratio", "Average order value: revenue over orders."),
    Metric("items_per_order", "units per order", "up", "shoppers", "ratio", "Units sold over orders."),
    Metric(
        "revenue_per_user", _MONEY_PER_USER, "up", "shoppers", "mean",
        "Revenue of a user after discounts, without tax and shipping, less returns; 0 for one who did not buy.",
    ),
    Metric("margin_per_user", _MONEY_PER_USER, "up", "shoppers", "mean", "Revenue of a user less the goods' cost."),
    Metric(
        "revenue", "store currency per product and period", "up", "shoppers", "mean",
        "Revenue of a product (cluster) in one period of a price test.",
    ),
    Metric(
        "margin", "store currency per product and period", "up", "shoppers", "mean",
        "Revenue less the goods' cost of a product (cluster) in one period of a price test.",
    ),
    Metric("margin_rate", "share", "up", "shoppers", "ratio", "Margin over revenue."),
    Metric("units", "units per product and period", "up", "shoppers", "mean", "Units sold of a product (cluster)."),
    Metric("session_length", "seconds per visit", "up", "shoppers", "ratio", "First to last event of a visit."),
    Metric("pages_per_visit", "pages per visit", "up", "shoppers", "ratio", "Product and list pages over visits."),
    Metric("return_visits", "visits per user", "up", "shoppers", "mean", "Visits after the first in the window."),
    Metric("products_shown", "share", "up", "shoppers", "ratio", "Products shown at least once, of all on sale."),
    Metric("refund_share", "share", "down", "shoppers", "ratio", "Money refunded over revenue before refunds."),
    Metric("p99_latency", "ms", "down", "service", "quantile", "99th percentile of the time an answer takes."),
    Metric("error_share", "share", "down", "service", "ratio", "Requests answered with an error, over requests."),
    Metric("fallback_share", "share", "down", "service", "ratio", "Answers by the rules because the model could not."),
    Metric("uptime", "share", "up", "service", "ratio", "Minutes in which the service answered, over all minutes."),
    *(
        Metric(
            f"{name}@{k}", "share", "up", "training", "mean",
            f"{words} among the first {k} of all products, for the next new product of a shopper.",
        )
        for name, words in (("hr", "Hit rate: it is"), ("ndcg", "1 / log2(rank + 1) where it is"))
        for k in (5, 10, 20)
    ),
    Metric("mrr@20", "share", "up", "training", "mean", "1 / rank where the right product is among the first 20."),
    Metric("coverage", "share", "up", "training", "ratio", "Products in at least one list, of all products."),
    Metric("calibration_error", "share", "down", "training", "mean", "Mean distance of said and seen probability."),
    Metric("wape", "share", "down", "training", "ratio", "Absolute errors of the units foretold, over units sold."),
    Metric("poisson_deviance", "deviance per period", "down", "training", "mean", "Misfit of the units foretold."),
    Metric("grounding_recall", "share", "up", "training", "ratio", "Wrong claims that the verifier finds."),
    Metric("grounding_precision", "share", "up", "training", "ratio", "Claims it calls wrong that are wrong."),
    Metric("pass_share", "share", "up", "training", "ratio", "Texts that pass the verifier at once."),
    Metric("acceptance", "share", "up", "texts", "ratio", "Texts approved as written, over texts reviewed."),
    Metric("edit_share", "share", "down", "texts", "ratio", "Characters that reviewers changed, over characters."),
    Metric("minutes_per_text", "minutes per text", "down", "texts", "mean", "Time of people on a published text."),
    Metric("cost_per_text", "store currency per text", "down", "texts", "mean", "Models and machines, per text."),
)  # fmt: skip

CATALOGUE: Final[Mapping[str, Metric]] = {metric.name: metric for metric in _ALL}
"""Name -> metric."""
