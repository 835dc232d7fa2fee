"""Units land in the arms that GrowthBook's public cases say."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final

import pytest

from shopkeeper.experiments.assignment import arm_at, equal_weights, hash_unit, in_layer, ranges_of
from shopkeeper.experiments.conditions import meets
from shopkeeper.experiments.flags import ExperimentResult, FlagContext, evaluate, run_experiment
from shopkeeper.experiments.sticky import MemorySticky

ROOT: Final = Path(__file__).parents[2]
FOLDER: Final = Path(os.environ.get("SHOPKEEPER_CASES") or ROOT.parent / "shared/data/stats-cases")
FILE: Final = FOLDER / "assignment-hash-growthbook.json"
VECTORS: Final[dict[str, list[Any]]] = json.loads(FILE.read_text("utf-8"))["vectors"] if FILE.is_file() else {}
CASES: Final = [(kind, case) for kind, cases in VECTORS.items() for case in cases]


def context_of(held: dict[str, Any], sticky: MemorySticky | None = None) -> FlagContext:
    return FlagContext(
        attributes=held.get("attributes", {}),
        features=held.get("features", {}),
        groups=held.get("savedGroups", {}),
        bandits=held.get("contextualBandits", {}),
        forced=held.get("forcedVariations", {}),
        enabled=held.get("enabled", True),
        qa_mode=held.get("qaMode", False),
        url=held.get("url", ""),
        sticky=sticky,
    )


def result_of(flag: str, found: ExperimentResult) -> dict[str, Any]:
    said = {
        "featureId": flag, "key": found.key, "value": found.value, "inExperiment": found.inside,
        "hashUsed": found.hashed, "variationId": found.variation, "hashAttribute": found.attribute,
        "hashValue": found.unit, "stickyBucketUsed": found.sticky,
    }  # fmt: skip
    if found.bucket is not None:
        said["bucket"] = found.bucket
    if found.name is not None:
        said["name"] = found.name
    return said | dict(found.bandit or {})


def flag_of(flag: str, context: FlagContext) -> dict[str, Any]:
    found = evaluate(flag, context)
    said = {"value": found.value, "on": found.on, "off": not found.on, "source": found.source, "ruleId": found.rule}
    if found.result is not None and found.experiment is not None:
        said |= {"experiment": dict(found.experiment), "experimentResult": result_of(flag, found.result)}
    return said


def sticky_of(docs: list[dict[str, Any]]) -> MemorySticky:
    return MemorySticky({(doc["attributeName"], doc["attributeValue"]): doc["assignments"] for doc in docs})


def docs_of(sticky: MemorySticky) -> dict[str, Any]:
    return {
        f"{attribute}||{unit}": {"attributeName": attribute, "attributeValue": unit, "assignments": arms}
        for (attribute, unit), arms in sticky.kept.items()
    }


def check(kind: str, case: list[Any]) -> None:
    match kind:
        case "hash":
            seed, unit, version, expected = case
            assert hash_unit(seed, unit, version) == expected
        case "getBucketRange":
            _, (arms, coverage, weights), expected = case
            found = ranges_of(arms, coverage, weights)
            assert [edge for span in found for edge in span] == pytest.approx(
                [edge for span in expected for edge in span]
            )
        case "chooseVariation":
            _, place, ranges, expected = case
            assert arm_at(place, [(low, high) for low, high in ranges]) == expected
        case "inNamespace":
            _, unit, (layer, start, end), expected = case
            assert in_layer(layer, unit, (start, end)) == expected
        case "getEqualWeights":
            arms, expected = case
            assert equal_weights(arms) == pytest.approx(expected, abs=1e-8)
        case "evalCondition":
            _, condition, attributes, expected, *groups = case
            assert meets(condition, attributes, *groups) == expected
        case "run":
            _, held, experiment, value, inside, hashed = case
            found_arm = run_experiment(experiment, context_of(held))
            assert (found_arm.value, found_arm.inside, found_arm.hashed) == (value, inside, hashed)
        case "feature":
            _, held, flag, expected = case
            assert flag_of(flag, context_of(held)) == expected
        case "stickyBucket":
            _, held, docs, flag, expected, expected_docs = case
            sticky = sticky_of(docs)
            found_flag = evaluate(flag, context_of(held, sticky))
            assert (None if found_flag.result is None else result_of(flag, found_flag.result)) == expected
            assert docs_of(sticky) == expected_docs
        case _:
            raise NotImplementedError(f"{kind!r} is no kind of case that anything here checks")


@pytest.mark.skipif(not CASES, reason=f"no reference cases: {FILE} is not there; name their folder in SHOPKEEPER_CASES")
@pytest.mark.parametrize(("kind", "case"), CASES, ids=[f"{kind}-{place}" for place, (kind, _) in enumerate(CASES)])
def test_a_unit_lands_where_the_public_case_says(kind: str, case: list[Any]) -> None:
    check(kind, case)
