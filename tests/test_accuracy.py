"""A small sample of the accuracy campaign: random cases over the dtypes' whole range hold to the proven bounds."""

import numpy as np

import sigconv
from benchmarks.accuracy import DTYPES, Case, campaign, distance, make, run, table


def test_random_cases_hold_to_the_proven_bound():
    """No output of some hundred cases, of every method and dtype, is further off than proven."""
    violations, ratios = campaign(300, first=10_000_000)
    assert not violations
    assert {key[:2] for key in ratios} == {(m, str(np.dtype(d))) for m in sigconv.methods() for d in DTYPES}
    assert len(table(ratios)) == 1 + len(sigconv.methods()) * len(DTYPES)


def test_the_distance_is_exact():
    """Products whose sum cancels, over more bits than a double has, and results that are not finite."""
    samples, taps = np.array([1e200, 1.0, -1e200]), np.array([1e100, 2.0**-80, 1e100])
    error, value = distance(samples, taps, np.float64(0))
    assert (error, value) == (np.longdouble(2.0**-80), np.longdouble(2.0**-80)) or np.longdouble(error) == value
    samples, taps = np.array([1.0, 1.0]), np.array([1.0, 2.0**-40])
    assert distance(samples, taps, np.float64(1))[0] == 2.0**-40
    assert distance(samples + 1j, taps + 0j, np.complex128(1 + 1j))[0] == np.hypot(2.0**-40, 2.0**-40)
    assert distance(samples, taps, np.float64(np.inf))[0] == np.inf
    assert distance(np.array([1e200]), np.array([1e200]), np.float64(np.inf))[0] == 0


def test_a_wrong_result_is_a_violation(monkeypatch):
    """The campaign can fail: a result that is off by a little more than its bound is named with its seed."""
    seed = next(s for s in range(10_000) if (c := make(s)).method == "fft" and c.kind == "noise" and c.mode == "full")
    assert isinstance(make(seed), Case)
    assert not run(make(seed)).violation
    apply = sigconv.Plan.apply
    monkeypatch.setattr(sigconv.Plan, "apply", lambda *args, **named: apply(*args, **named) * (1 + 1e-2))
    assert run(make(seed)).violation.startswith(f"seed {seed}: error")
