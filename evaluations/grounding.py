"""How well the verifier tells true texts from false ones, on texts other people wrote and judged.

    python evaluations/grounding.py [--e2e FILE] [--webnlg FILE] [--seed N]

`--e2e`: JSON lines of {attributes, text, ungrounded}: crowd-written sentences about a record; `ungrounded` says that a
value was changed or added. The rule is frozen: a text is faulty when the record shows a claim of it to be changed,
contradicted or added. A right number with another currency or unit is a finding of its own (`unit_slips`), which these
labels do not count.

`--webnlg`: JSON lines of {triples, text, Correctness}: texts of machines and what readers held of them (0 to 100). The
doubt in a text is ranked against `Correctness < 75`: the area under the curve by mid-ranks, so the order of rows is
nothing to it, with a 95% interval by resampling rows.

Labels are read to score only: nothing is fitted or chosen on a file that is passed in. The last line of stdout is one
JSON document: e2e {recall, precision, ...}, webnlg {auc, low, high, ...}.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from time import process_time
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import rankdata

from shopkeeper.content.doubt import doubt, unbacked
from shopkeeper.content.evidence import record_of
from shopkeeper.content.grounding import ground
from shopkeeper.content.record import Statement
from shopkeeper.content.senses import lexicon_of

Array = npt.NDArray[np.float64]
CORRECT = 75.0
RESAMPLES = 2_000


def main(argv: list[str] | None = None) -> int:
    """Run from the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--e2e", type=Path, help="records with texts and `ungrounded`")
    parser.add_argument("--webnlg", type=Path, help="triples with texts and `Correctness`")
    parser.add_argument("--show", type=int, default=0, help="how many wrong verdicts to print to stderr")
    parser.add_argument("--seed", type=int, default=0, help="seed of the resampling")
    args = parser.parse_args(argv)
    document: dict[str, Any] = {}
    try:
        if args.e2e:
            document["e2e"] = e2e(rows_of(args.e2e), args.show)
        if args.webnlg:
            document["webnlg"] = webnlg(rows_of(args.webnlg), args.seed)
    except (OSError, KeyError, ValueError) as error:
        print(f"{type(error).__name__}: {error}. See --help for the layout of the files.", file=sys.stderr)
        return 2
    sys.stdout.write(json.dumps(document) + "\n")
    return 0


def rows_of(file: Path) -> list[dict[str, Any]]:
    """Return the rows of a file of JSON lines."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line]


def e2e(rows: list[dict[str, Any]], show: int = 0) -> dict[str, Any]:
    """Return recall and precision for faulty texts, and which faults were found."""
    lexicon = lexicon_of("en")
    verdicts: Counter[tuple[bool, bool]] = Counter()
    rules: Counter[str] = Counter()
    began = process_time()
    for row in rows:
        record = record_of([Statement(name, value) for name, value in row["attributes"].items()], lexicon)
        found = ground(row["text"], record, lexicon)
        verdicts[bool(row["ungrounded"]), found.faulty] += 1
        rules.update({finding.rule for finding in found.findings})
        if found.faulty != bool(row["ungrounded"]) and show > 0:
            show -= 1
            said = [f"{f.rule} {row['text'][f.start : f.end]!r}" for f in found.findings if f.severity == "error"]
            print(f"label {row['ungrounded']}: {row['text']}\n  {row['attributes']}\n  {said}", file=sys.stderr)
    taken = process_time() - began
    hits, missed, alarms = verdicts[True, True], verdicts[True, False], verdicts[False, True]
    return {
        "recall": hits / (hits + missed),
        "precision": hits / (hits + alarms),
        "rows": len(rows),
        "faulty_rows": hits + missed,
        "missed": missed,
        "false_alarms": alarms,
        "unit_slips": rules["grounding.unit"],
        "rows_by_rule": dict(sorted(rules.items())),
        "records_and_texts_per_s": len(rows) / taken,
    }


def webnlg(rows: list[dict[str, Any]], seed: int) -> dict[str, Any]:
    """Return the area under the curve of doubt against what readers held incorrect, with its interval."""
    lexicon = lexicon_of("en")
    scores = np.empty(len(rows))
    for at, row in enumerate(rows):
        triples = [Statement(relation, value, subject) for subject, relation, value in row["triples"]]
        record = record_of(triples, lexicon)
        found = ground(row["text"], record, lexicon)
        scores[at] = doubt(row["text"], found, record, lexicon, unbacked(found.claims, record, lexicon))
    wrong = np.array([row["Correctness"] < CORRECT for row in rows])
    low, high = interval(scores, wrong, seed)
    return {"auc": area(scores, wrong), "low": low, "high": high, "rows": len(rows), "wrong_rows": int(wrong.sum())}


def area(scores: Array, positive: npt.NDArray[np.bool_]) -> float:
    """Return the chance that a positive row scores above a negative one, ties counting half.

    Source: Mann and Whitney (1947); mid-ranks make it independent of the order of rows.
    """
    ranks = rankdata(scores)
    ones, noughts = int(positive.sum()), int((~positive).sum())
    if not ones or not noughts:
        raise ValueError("all rows have one label; the area needs both")
    return float((ranks[positive].sum() - ones * (ones + 1) / 2) / (ones * noughts))


def interval(scores: Array, positive: npt.NDArray[np.bool_], seed: int) -> tuple[float, float]:
    """Return the 95% interval of the area over resampled rows."""
    random = np.random.default_rng(seed)
    areas = []
    for _ in range(RESAMPLES):
        drawn = random.integers(0, len(scores), len(scores))
        if 0 < positive[drawn].sum() < len(drawn):
            areas.append(area(scores[drawn], positive[drawn]))
    low, high = np.quantile(areas, [0.025, 0.975])
    return float(low), float(high)


if __name__ == "__main__":
    raise SystemExit(main())
