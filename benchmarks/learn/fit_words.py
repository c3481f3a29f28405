"""Learn what missing words weigh, beside the weights of `fit_pairs`.

    python -m benchmarks.learn.fit_words       # adds to pipelines/pairs/pairing.json

The likelihood is that of a link, of each English report of the training siblings beside its own
and beside its sibling's Chinese one, dated and undated. All other weights stay as they are, and
missing words never speak for a pair: what `fit_pairs` learnt holds wherever none are missing.
"""

import json
from pathlib import Path

import numpy as np
from scipy.optimize import minimize_scalar

from benchmarks.accuracy.siblings import prepared
from benchmarks.series import siblings
from pipelines.pairs import pair
from pipelines.pairs.model import load_pair_model

FEATURE = "words_missing"
VERSION = "pairing-4"
_MOST = 6.0
"""Log odds of a large share of missing words at most: those of a contradiction."""


def main() -> None:
    """Learn and write."""
    path = Path(pair.__file__).parent / "pairing.json"
    model = load_pair_model()
    listed = []
    for dated in (True, False):
        for zh, en, right in prepared(siblings.TRAINING, dated=dated):
            pairing = pair.pair([zh], [en], learning=False)
            for each in (*pairing.pairs, *pairing.unassigned):
                own = model.weights.get(FEATURE, 0.0) * each.features[FEATURE]
                listed.append((each.score - own, each.features[FEATURE], right))
    scores, missing, right = np.array(listed).T
    sign = np.where(right == 1, -1.0, 1.0)

    def loss(weight: float) -> float:
        return float(np.logaddexp(0, sign * (scores - weight * missing)).sum())

    found = minimize_scalar(loss, bounds=(0.0, _MOST), method="bounded")
    print(f"{len(listed)} candidates; loss {loss(0.0):.1f} without, {found.fun:.1f} with the words")
    stored = json.loads(path.read_text(encoding="utf-8"))
    stored["version"] = VERSION
    stored["weights"][FEATURE] = -round(float(found.x), 3)
    stored["words"] = (
        f"python -m benchmarks.learn.fit_words: {len(siblings.TRAINING)} training rows"
    )
    path.write_text(json.dumps(stored, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
