"""A shop with a session model, made in a minute for the benchmarks of serving; everything about it is simulated.

    python benchmarks/session_shop.py [--keep FOLDER] [--products 100000] [--shoppers 100000] [--model blend] [--seed 7]

The shelf comes in over HTTP. What shoppers did is drawn: categories, and within one a walk to near products. `blend` is
V3: item-knn learnt from that, beside a session encoder whose weights are planted, not trained, as only its speed is
measured. `hybrid` is V2, the two-stage ranker, trained as always.
One JSON document on the last line.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "2")

import numpy as np
import numpy.typing as npt

from shopkeeper.engines.state import open_state
from shopkeeper.recommendations.behaviour.interactions import KINDS, Interactions
from shopkeeper.recommendations.behaviour.items import ItemIndex
from shopkeeper.recommendations.behaviour.shoppers import shopper_key
from shopkeeper.recommendations.hybrid.model import Hybrid
from shopkeeper.recommendations.learn import offline_learning
from shopkeeper.recommendations.model import RecommendationModel
from shopkeeper.recommendations.models.item_knn import ItemKnnParams
from shopkeeper.recommendations.models.mixture import LENGTHS, Mixture
from shopkeeper.recommendations.models.popular import Popular, PopularParams
from shopkeeper.recommendations.session.blend import Blend, BlendParams
from shopkeeper.recommendations.session.blend_fit import fit_models
from shopkeeper.recommendations.session.encoder_input import BANDS, GAPS
from shopkeeper.recommendations.session.encoder_weights import BlockWeights, EncoderWeights, encoder_onnx
from shopkeeper.recommendations.session.model import Session, SessionParams, SessionWeights
from shopkeeper.recommendations.session.nearest_fit import with_nearest
from shopkeeper.registry.bundle import BundleContent, write_bundle
from shopkeeper.registry.ports import ModelVersion
from shopkeeper.testing.load import http_request, load
from shopkeeper.testing.server_process import start_server
from shopkeeper.testing.trained_shop import make_workspace

Floats = npt.NDArray[np.float32]
STORE = "shop"
CATEGORY = 250
"""Products of one category."""
EVENTS_EACH = 12
WIDTH = 64
"""Numbers in a product's vector, as in the pipeline of the plan; half of what training takes by default."""
ROWS = 1_000


@dataclass(frozen=True, slots=True)
class Shop:
    """A workspace that is ready to serve.

    Attributes:
        key: An API key for everything.
        versions: Versions of the model, the champion first.
    """

    workspace: Path
    key: str
    products: int
    shoppers: int
    versions: tuple[str, ...]


def shop_in(folder: Path, products: int, shoppers: int, model: str, seed: int) -> Shop:
    """Return the shop of these sizes under `folder`, made if it is not there yet."""
    place = folder / f"{model}-{products}-{shoppers}-{seed}"
    made = place / "shop.json"
    if not made.is_file():
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        key = make_workspace(place)
        fill_shelf(place, key, products)
        data = drawn(products, shoppers, seed)
        model_of_it = fitted(model, data, seed)
        versions = [release(place, model_of_it, data, seed, second) for second in range(2)]
        made.write_text(json.dumps({"key": key, "versions": versions[::-1]}), "utf-8")
    known = json.loads(made.read_text("utf-8"))
    return Shop(place, known["key"], products, shoppers, tuple(known["versions"]))


def fill_shelf(workspace: Path, key: str, products: int) -> None:
    """Put products on the shelf over HTTP."""
    server = start_server(workspace)
    requests = [http_request("PUT", "/v1/stores", json.dumps([{"store": STORE}]).encode(), key)]
    requests += [http_request("PUT", "/v1/products", body, key) for body in _shelf(products)]
    result = asyncio.run(load(server.host, server.port, iter(requests), 1, 600))
    server.stop(120)
    if result.errors or len(result.milliseconds) < len(requests):
        raise SystemExit(f"The shelf could not be filled: {result.statuses}")
    print(f"{products} products on the shelf after {result.seconds:.1f} s", file=sys.stderr)


def _shelf(products: int) -> Iterator[bytes]:
    for start in range(0, products, ROWS):
        rows = [
            {
                "product": f"p{n}", "store": STORE, "title": f"Product {n}", "price": 5 + n % 90,
                "brand": f"b{n % 300}",
                "categories": [f"c{n // CATEGORY % 20} > d{n // CATEGORY}"], "stock": 10,
            }
            for n in range(start, min(start + ROWS, products))
        ]  # fmt: skip
        yield json.dumps(rows).encode()


def drawn(products: int, shoppers: int, seed: int) -> Interactions:
    """Return what shoppers did: each stays in a category or two and walks from product to near product."""
    chance = np.random.default_rng(seed)
    names = sorted(f"p{n}" for n in range(products))
    code_of = np.empty(products, dtype=np.int32)
    code_of[[int(name[1:]) for name in names]] = np.arange(products, dtype=np.int32)
    home = chance.integers(0, products // CATEGORY, size=(shoppers, 1))
    other = chance.integers(0, products // CATEGORY, size=(shoppers, 1))
    category = np.where(chance.random((shoppers, EVENTS_EACH)) < 0.8, home, other)
    steps = chance.integers(-3, 8, size=(shoppers, EVENTS_EACH)).cumsum(axis=1)
    begins = (chance.pareto(1.0, size=(shoppers, 1)) * 5).astype(np.int64)
    items = code_of[(category * CATEGORY + (begins + steps) % CATEGORY).ravel()]
    newest = int(time.time()) - 3_600
    begun = newest - chance.integers(0, 30 * 86_400, size=(shoppers, 1))
    seconds = (begun + chance.integers(20, 200, size=(shoppers, EVENTS_EACH)).cumsum(axis=1)).ravel()
    order = np.argsort(seconds, kind="stable")
    owners = np.repeat(np.arange(shoppers, dtype=np.int32), EVENTS_EACH)
    kinds = np.where(chance.random(shoppers * EVENTS_EACH) < 0.05, 5, 0).astype(np.int8)
    return Interactions(
        shoppers=owners[order],
        items=items[order],
        stores=np.zeros(len(order), dtype=np.int32),
        kinds=kinds[order],
        times=seconds[order] * 1_000_000,
        devices=np.zeros(len(order), dtype=np.int8),
        index=ItemIndex((STORE,), np.array([0, products], dtype=np.int64), names),
        categories=[(f"c{int(n[1:]) // CATEGORY % 20} > d{int(n[1:]) // CATEGORY}",) for n in names],
        shopper_keys=[shopper_key(STORE, "visitor", f"v{n}") for n in range(shoppers)],
        store_names=(STORE,),
    )


def fitted(model: str, data: Interactions, seed: int) -> RecommendationModel:
    """Return a model fitted in few rounds."""
    begun = time.perf_counter()
    if model == Hybrid.name:
        learning = offline_learning()
        found = learning.fit(model, data, learning.defaults(model), seed)
    else:
        encoder = with_nearest(planted_encoder(data, seed), data, seed)
        counts = BlendParams(session=None, item_knn=ItemKnnParams(), session_knn=None, hybrid=None)
        models = (encoder, *fit_models(data, counts, seed, PopularParams()))
        even = Mixture("roots", np.full((len(LENGTHS), len(models)), 1.0 / len(models)))
        found = Blend(models, even, Popular.fit(data, PopularParams(), seed), 0.1)
    print(f"{model} fitted in {time.perf_counter() - begun:.1f} s", file=sys.stderr)
    return found


def planted_encoder(data: Interactions, seed: int) -> Session:
    """Return a session model whose weights were not trained: near products have near vectors, and a state lies near
    the newest product. Its size, and so its speed, is that of a trained one."""
    draw = np.random.default_rng(seed)
    width, params = WIDTH, SessionParams(width=WIDTH, content=False)
    places = np.array([int(name[1:]) for name in data.index.products])
    corners = draw.standard_normal((len(places) // CATEGORY + 2, width))
    share = (places % CATEGORY / CATEGORY)[:, None]
    vectors = (1 - share) * corners[places // CATEGORY] + share * corners[places // CATEGORY + 1]
    vectors += 0.3 * draw.standard_normal(vectors.shape)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)

    def drawn_weights(*shape: int) -> Floats:
        return (0.02 * draw.standard_normal(shape)).astype(np.float32)

    even = np.stack([np.ones(width), np.zeros(width)]).astype(np.float32)
    block = BlockWeights(
        even, drawn_weights(width, 3 * width), drawn_weights(3 * width), drawn_weights(params.heads, params.history),
        drawn_weights(width, width), drawn_weights(width), even, drawn_weights(width, params.inner * width),
        drawn_weights(params.inner * width), drawn_weights(params.inner * width, width), drawn_weights(width),
    )  # fmt: skip
    weights = EncoderWeights(
        drawn_weights(len(KINDS), width), drawn_weights(GAPS, width), drawn_weights(BANDS, width), 8.0,
        (block,) * params.blocks, even, 0.08,
    )  # fmt: skip
    known, bands = np.ones(len(places), dtype=np.bool_), np.zeros(len(places), dtype=np.int64)
    made = SessionWeights((encoder_onnx((weights,)),), vectors.astype(np.float32), known, bands)
    return Session(made, Popular.fit(data, PopularParams(), seed), params)


def release(workspace: Path, model: RecommendationModel, data: Interactions, seed: int, turn: int) -> str:
    """Write a bundle, register it, make it champion, and return its version."""
    learning = offline_learning()
    content = BundleContent(
        learning.name, model.name, "benchmark", model.parameters, seed + turn, "simulated", {},
        learning.arrays(model, data),
    )  # fmt: skip
    now = datetime.now(UTC)
    manifest = write_bundle(workspace / "models", content, now.replace(microsecond=0, second=turn))
    state = open_state(f"sqlite:///{workspace / 'state.db'}")
    folder = f"{learning.name}/{manifest.version}"
    state.registry.register(
        ModelVersion(
            system=learning.name, version=manifest.version, model=model.name, folder=folder,
            created_at=manifest.created_at, blessed=True, metrics={}, fingerprint="simulated",
        )
    )  # fmt: skip
    state.registry.point(learning.name, "champion", manifest.version, "benchmark", "made for it")
    state.close()
    return manifest.version


def main() -> None:
    """Make the shop and say how long it took."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--keep", type=Path, help="where it stays; without it is only made")
    options.add_argument("--products", type=int, default=100_000)
    options.add_argument("--shoppers", type=int, default=100_000)
    options.add_argument("--model", choices=["blend", "hybrid"], default="blend")
    options.add_argument("--seed", type=int, default=7)
    chosen = options.parse_args()
    begun = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        shops = chosen.keep or Path(folder)
        shop = shop_in(shops, chosen.products, chosen.shoppers, chosen.model, chosen.seed)
    document: dict[str, Any] = {
        "seconds": round(time.perf_counter() - begun, 1), "products": shop.products, "shoppers": shop.shoppers,
        "model": chosen.model, "versions": shop.versions, "simulated": True,
    }  # fmt: skip
    print(json.dumps(document))


if __name__ == "__main__":
    main()
