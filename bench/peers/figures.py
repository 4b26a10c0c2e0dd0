# SPDX-License-Identifier: Apache-2.0
"""Medians of rounds, and how far the rounds lie apart."""
import statistics


def median(values):
    known = [value for value in values if value is not None]
    return statistics.median(known) if known else None


def spread(values):
    """(most - least) / median; 0 where that says nothing."""
    known = [value for value in values if value is not None]
    middle = median(known)
    return (max(known) - min(known)) / abs(middle) if len(known) > 1 and middle else 0.0


def summary(rounds):
    """[{figure: number}] to {figure: {"median", "least", "most", "spread"}}."""
    out = {}
    for name in sorted({name for each in rounds for name in each}):
        values = [each.get(name) for each in rounds]
        known = [v for v in values if isinstance(v, (int, float)) and not isinstance(v, bool)]
        if known:
            out[name] = {"median": median(known), "least": min(known), "most": max(known),
                         "spread": spread(known)}
    return out


def ratio(value, other):
    return value / other if value is not None and other else None
