"""The limits of gates.toml: what a run must keep on the test part, and what a publish may do to answers."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

GATES = Path(__file__).with_name("gates.toml")


def missed(
    table: Literal["gate", "publish"], told: Mapping[str, Mapping[str, Mapping[str, Any]]], path: Path = GATES
) -> list[str]:
    """A sentence for each limit of a table that is not kept.

    `told` is measure → language → a rate's fields. A share of nothing misses no limit: an empty database has no
    visitors' messages that could change. Raises KeyError for a limit on what was not measured.
    """
    sentences = []
    for gate in tomllib.loads(path.read_text(encoding="utf-8"))[table]:
        rate = told[gate["measure"]][gate["language"]]
        least, most = gate.get("least", -math.inf), gate.get("most", math.inf)
        if rate["denominator"] and not least <= rate["value"] <= most:
            bound = f"at least {least}" if "least" in gate else f"at most {most}"
            counted = f"{rate['numerator']}/{rate['denominator']}"
            sentences.append(
                f"{gate['measure']} ({gate['language']}) is {rate['value']:.3f} ({counted}), should be {bound}"
            )
    return sentences
