"""Small simulated price histories with a known truth, for the estimator's own figures. All numbers are simulated.

Prices are made by rules that react to demand, so they are confounded; the twin of a history has the same shoppers,
costs and rules, but its rules look at the demand of another pair.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shopkeeper.pricing.demand.panel import PricePanel

Floats = npt.NDArray[np.float64]
MARKUP = 0.45


@dataclass(frozen=True, slots=True)
class Market:
    """How large a simulated history is and how its prices react.

    Attributes:
        spread: Standard deviation of log elasticity over products of a category; a third of it over stores and pairs.
        confounding: Percent of price per percent of season and of sales of the last weeks; 0 makes prices exogenous.
        insight: The same per percent of this week's unseen demand, as of a buyer who knows more than the data.
        slow_movers: Whether products that sold less than usual are marked down.
        units: Median units of a pair a week.
        competition: Effect of the rival's log price, cross: of the category's.
    """

    categories: int = 10
    products: int = 40
    stores: int = 4
    periods: int = 104
    spread: float = 0.35
    confounding: float = 0.3
    insight: float = 0.0
    slow_movers: bool = True
    units: float = 4.0
    competition: float = 0.3
    cross: float = 0.15


@dataclass(frozen=True, slots=True)
class History:
    """A panel and what made it.

    Attributes:
        slope: True own-price slope of each pair.
        reaction: Correlation of log price with the demand it reacted to, within pairs.
    """

    panel: PricePanel
    slope: Floats
    reaction: float


def simulated(market: Market, seed: int, twin: bool = False) -> History:
    """Return one history; with `twin` the one whose rules look at another pair's season and sales."""
    rng = np.random.default_rng(seed)
    m, weeks = market, market.periods
    category, product, store = _pairs(m)
    pairs = len(product)
    slope = _slopes(m, rng, category, product, store)
    season = _walks(rng, m.categories, weeks, 0.15, 0.97)[category]
    traffic = _walks(rng, m.stores, weeks, 0.08, 0.8)[store]
    own = _walks(rng, pairs, weeks, 0.2, 0.85)
    base = np.log(m.units) + rng.normal(0, 1.2, m.categories * m.products)[product] + rng.normal(0, 0.3, pairs)
    log_cost = np.cumsum(rng.normal(0, 0.012, (m.categories * m.products, weeks)), axis=1)[product]
    promo = (rng.random((m.categories * m.products, weeks)) < 0.08)[product]
    wobble = np.repeat(rng.normal(0, 0.03, (pairs, weeks // 4 + 1)), 4, axis=1)[:, :weeks]
    rival = log_cost + 0.4 + rng.normal(0, 0.06, (pairs, weeks))
    exposure = np.where(rng.random((pairs, weeks)) < 0.05, rng.random((pairs, weeks)), 1.0)
    noise = rng.gamma(4.0, 0.25, (pairs, weeks))
    looks_at = rng.permutation(pairs) if twin else np.arange(pairs)
    peaks = season[looks_at][:, :: -1 if twin else 1]
    # What rivals and neighbours charge acts beside the own price, each measured from its usual.
    demand = base[:, None] + season + traffic + own + 0.35 * promo + m.competition * (rival - 0.4)
    rule = log_cost + MARKUP + m.confounding * peaks + m.insight * own[looks_at] - 0.12 * promo + wobble
    log_price, units = np.empty((pairs, weeks)), np.zeros((pairs, weeks))
    usual = np.exp(base)
    for week in range(weeks):
        seen = (units[:, max(0, week - 4) : week].sum(axis=1) + usual) / (usual * (min(week, 4) + 1))
        recent = np.log(seen)[looks_at]
        log_price[:, week] = np.round(rule[:, week] + m.confounding * np.clip(recent, -0.5, 0.5), 2)
        if m.slow_movers:
            log_price[:, week] -= 0.10 * (recent < -0.3)
        index = _index(log_price[:, week], category, store)
        mean = demand[:, week] + slope * (log_price[:, week] - MARKUP) + m.cross * (index - MARKUP)
        units[:, week] = rng.poisson(np.minimum(np.exp(mean) * exposure[:, week] * noise[:, week], 1e6))
    rival[rng.random((pairs, weeks)) < 0.05] = np.nan
    panel = PricePanel(
        product=product, store=store, category=category, units=units.astype(np.float32),
        price=(10 * np.exp(log_price)).astype(np.float32), exposure=exposure.astype(np.float32),
        promo=promo.astype(np.float32), rival=(10 * np.exp(rival)).astype(np.float32),
        cost=(10 * np.exp(log_cost)).astype(np.float32),
    )  # fmt: skip
    return History(panel, slope, _correlation(log_price, season + own))


def _correlation(log_price: Floats, unseen: Floats) -> float:
    """Return the correlation within pairs."""
    price = log_price - log_price.mean(axis=1, keepdims=True)
    shock = unseen - unseen.mean(axis=1, keepdims=True)
    return float((price * shock).sum() / np.sqrt((price**2).sum() * (shock**2).sum()))


def _pairs(m: Market) -> tuple[npt.NDArray[np.int64], ...]:
    product = np.repeat(np.arange(m.categories * m.products), m.stores)
    return product // m.products, product, np.tile(np.arange(m.stores), m.categories * m.products)


def _slopes(
    m: Market, rng: np.random.Generator, category: npt.NDArray[np.int64], product: npt.NDArray[np.int64],
    store: npt.NDArray[np.int64],
) -> Floats:  # fmt: skip
    centre = np.log(rng.uniform(1.6, 3.4, m.categories))[category]
    own = rng.normal(0, m.spread, m.categories * m.products)[product]
    shops = rng.normal(0, m.spread / 3, (m.categories, m.stores))[category, store]
    return np.asarray(-np.exp(centre + own + shops + rng.normal(0, m.spread / 3, len(product))))


def _walks(rng: np.random.Generator, rows: int, weeks: int, sd: float, memory: float) -> Floats:
    """Return series that return to nought, of standard deviation `sd`."""
    found = np.empty((rows, weeks))
    found[:, 0] = rng.normal(0, sd, rows)
    for week in range(1, weeks):
        found[:, week] = memory * found[:, week - 1] + rng.normal(0, sd * np.sqrt(1 - memory**2), rows)
    return found


def _index(log_price: Floats, category: npt.NDArray[np.int64], store: npt.NDArray[np.int64]) -> Floats:
    """Return the mean log price of the others in the same category and store, one a pair."""
    group = category * (store.max() + 1) + store
    return np.asarray((np.bincount(group, log_price)[group] - log_price) / (np.bincount(group)[group] - 1))
