"""The memory of a call is foretold: of every method with every engine, whatever is extended, converted or thinned."""

from dataclasses import replace

import numpy as np
import pytest
from memory import forget, peak_of

import sigconv
from sigconv.planning.candidate import Asked, offers
from sigconv.planning.cost import PRIORS

SMALL = 60_000  # Python's own objects
PROBLEMS = [
    ("i2", (300_000,), (160,), {"mode": "same"}),
    ("i8", (8, 90, 700), (20, 1), {"axes": (1, 2), "boundary": "wrap"}),
    ("u1", (200, 500), (9, 9), {"mode": "same", "boundary": "constant", "fill_value": 3, "stride": 2}),
    ("f2", (500_000,), (150,), {"mode": "valid", "dilation": 2, "stride": 2}),
    ("f2", (8, 8, 61, 61), (3, 7, 7), {"axes": (1, 2, 3), "stride": 3}),
    ("f4", (300_000,), (2000,), {"mode": "same"}),
    ("f4", (70, 70, 70), (3, 5, 6), {"mode": "valid"}),
    ("f8", (2, 400, 500), (15, 8), {"axes": (1, 2), "boundary": "renormalize"}),
    ("c8", (1, 30_000), (8, 35), {"axes": 1}),
    ("c8", (400, 900), (31, 24), {"mode": "same", "boundary": "edge"}),
    ("c16", (1, 60, 1400), (3, 10, 10), {"axes": (1, 2), "boundary": "symmetric"}),
    ("f4", (300, 400), (9, 9), {"mode": "same", "stride": 4, "nan": "renormalize"}),
    ("f2", (300, 400), (9, 9), {"mode": "same", "boundary": "renormalize", "stride": 3, "nan": "renormalize"}),
    ("c8", (100_000,), (200,), {"mode": "same", "stride": 4, "nan": "renormalize"}),
    ("c8", (1, 100, 150), (4, 9, 9), {"axes": (1, 2), "nan": "renormalize"}),
]


@pytest.mark.parametrize(("dtype", "shape", "taps", "options"), PROBLEMS, ids=str)
def test_no_way_takes_more_than_its_estimate(dtype, shape, taps, options):
    """With one worker, beside the operands and the result; where samples are missing, with what renormalises."""
    rng = np.random.default_rng(0)
    signal, kernel = (rng.integers(1, 9, s).astype(dtype) for s in (shape, taps))
    if "nan" in options:
        signal.flat[::97] = np.nan
    plan = sigconv.plan(shape, taps, dtype, **options)
    out = np.zeros(plan.problem.shape, plan.problem.result_dtype)
    taken = {}
    for offer in offers(plan.problem, Asked(None, PRIORS, None, forced=True)):
        for estimate in offer.estimates:
            way = replace(plan, method=offer.method, estimate=estimate, forced=True)
            way(signal, kernel, out=out, workers=1)  # imports and tables
            forget()
            peak = peak_of(way, signal, kernel, out=out, workers=1)
            taken[offer.method, estimate.settings] = peak / (estimate.bytes + SMALL)
    assert len(taken) >= 3
    assert not {way: part for way, part in taken.items() if part > 1}
