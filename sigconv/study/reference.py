"""What calibrating gives on the machine of the shipped prices, and what this says of another machine.

A shipped price is what a simple thing costs within a call: beside other work, with samples that come from memory, into
fresh memory. Measured by itself it costs less, some things much less. So what is measured is held against what the same
measurement gave where the shipped prices come from, and a price changes by the ratio of the two.
"""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median
from typing import Any

from ..planning.cost import PRIORS

# The best of four runs of `sigconv calibrate` on a Zen 4 with AVX-512.
MEASURED: dict[str, Any] = {
    "call": 2.6e-6,
    "tile": 6.3e-5,
    "spectrum": 4.1e-5,
    "batch": {"fftw": 1.2e-5, "scipy": 2.3e-5, "numpy": 2.6e-5, "lanes": 6.3e-6, "panels": 1.2e-5},
    "bandwidth": {"numpy": 22e9, "numba": 31e9},
    "product_rates": {
        "numba": {"f": 56e9, "d": 28e9, "F": 15e9, "D": 7.2e9, "integer": 24e9},
        "numpy": {"f": 23e9, "d": 10e9, "F": 9.8e9, "D": 4.6e9, "integer": 1.9e9},
        "numpy short": {"f": 5.8e9, "d": 5.7e9},
        "matrices numba": {"f": 51e9, "d": 26e9},
        "matrices numpy": {"f": 75e9, "d": 41e9, "F": 9.7e9, "D": 4.9e9, "integer": 41e9},
        "numpy taps": {"f": 5.4e9, "d": 2.7e9, "F": 2.6e9, "D": 1.5e9, "integer": 2.5e9},
    },
    "dots": {"f": 4.5e-9, "d": 5.1e-9, "F": 8.9e-9, "D": 1.3e-8, "integer": 1.7e-9},
    "transform_rates": {
        "panels": {"F": (43e9, 43e9, 43e9), "D": (21e9, 21e9, 21e9)},
        "fftw": {"f": (19e9, 17e9, 17e9), "d": (25e9, 14e9, 7.1e9), "F": (55e9, 22e9, 9e9), "D": (27e9, 12e9, 7.3e9)},
        "fftw axes": {
            "f": (9.4e9, 21e9, 11e9),
            "d": (9.5e9, 16e9, 2.8e9),
            "F": (16e9, 19e9, 2.7e9),
            "D": (34e9, 16e9, 11e9),
        },
        "scipy": {
            "f": (18e9, 9.8e9, 9.5e9),
            "d": (13e9, 13e9, 8.1e9),
            "F": (22e9, 24e9, 9e9),
            "D": (15e9, 14e9, 8.5e9),
        },
        "blocks": {"F": (70e9, 70e9, 72e9), "D": (36e9, 36e9, 30e9)},
        "numpy": {
            "f": (11e9, 11e9, 5.3e9),
            "d": (13e9, 12e9, 7.5e9),
            "F": (12e9, 12e9, 5.1e9),
            "D": (15e9, 14e9, 7.9e9),
        },
        "numpy volumes": {
            "f": (2.9e9, 6e9, 3e9),
            "d": (3.4e9, 6.2e9, 7.2e9),
            "F": (4.2e9, 6.7e9, 2.3e9),
            "D": (3.4e9, 7.9e9, 7.2e9),
        },
    },
    "block_rates": {
        "F": (47e9, 51e9, 46e9, 56e9, 59e9, 59e9, 60e9, 55e9, 71e9, 69e9, 75e9),
        "D": (16e9, 23e9, 28e9, 31e9, 32e9, 29e9, 33e9, 33e9, 33e9, 37e9, 34e9),
    },
    "volume_rates": {"F": (35e9, 38e9, 35e9, 28e9, 28e9, 25e9), "D": (21e9, 14e9, 13e9, 14e9, 13e9, 11e9)},
}

# Machines alike differ by as much from one run to the next, if others share them.
_NOISE = 1.25
_LEVELS = 3  # of the caches
# The prices that are rates, more of which is better; the others are times.
_RATES = "bandwidth", "product_rates", "transform_rates", "block_rates", "volume_rates"


def better(name: str, found: Any, others: Any) -> Any:
    """Return of two rounds' prices of some name the higher rates or the shorter times."""
    if isinstance(found, Mapping):
        return {key: better(name, value, others[key]) for key, value in found.items()}
    if isinstance(found, (list, tuple)):
        return tuple([better(name, *pair) for pair in zip(found, others, strict=True)])
    return max(found, others) if name in _RATES else min(found, others)


def completed(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return prices with the shipped ones of what was not measured."""
    return {name: _filled(getattr(PRIORS, name), value) for name, value in found.items()}


def _filled(shipped: Any, found: Any) -> Any:
    """Return tables with what others have besides."""
    if not isinstance(found, Mapping):
        return found
    return {**shipped, **{name: _filled(shipped.get(name), value) for name, value in found.items()}}


def refined(found: Mapping[str, Any]) -> dict[str, Any]:
    """Return the prices of a machine from what was measured there; what was not measured elsewhere stays.

    What is as many times faster or slower as most rates are, or nearly, is taken to be just as many times.
    """
    ratios = {name: _ratios(found[name], MEASURED[name]) for name in _RATES if name in found}
    speed = median([ratio for each in ratios.values() for ratio in each] or [1.0])
    speed = 1.0 if 1 / _NOISE < speed < _NOISE else speed
    return {
        name: _scaled(getattr(PRIORS, name), value, MEASURED[name], speed if name in _RATES else 1 / speed)
        if name in MEASURED
        else value
        for name, value in found.items()
    }


def _ratios(found: Any, measured: Any) -> list[float]:
    """Return how many times as high all prices are that were measured in both places."""
    if isinstance(found, Mapping):
        return [ratio for k, v in found.items() if k in measured for ratio in _ratios(v, measured[k])]
    if isinstance(found, (list, tuple)):
        return [ratio for pair in zip(found, measured, strict=True) for ratio in _ratios(*pair)]
    return [found / measured]


def _scaled(shipped: Any, found: Any, measured: Any, usual: float) -> Any:
    """Return shipped prices, changed as far as what was found differs from what was measured."""
    if isinstance(found, Mapping):
        return {k: _scaled(shipped[k], v, measured[k], usual) if k in measured else v for k, v in found.items()}
    if isinstance(found, (list, tuple)):
        ratios = _smooth([one / other for one, other in zip(found, measured, strict=True)])
        return [price * _beside(usual, ratio) for price, ratio in zip(shipped, ratios, strict=True)]
    return shipped * _beside(usual, found / measured)


def _smooth(ratios: list[float]) -> list[float]:
    """Return the ratios of blocks of growing length, each in the middle of its neighbours: one alone is noise.

    The levels of the caches, of which there are few, may differ.
    """
    if len(ratios) <= _LEVELS:
        return ratios
    return [median(ratios[max(0, i - 1) : i + 2]) for i in range(len(ratios))]


def _beside(usual: float, ratio: float) -> float:
    """Return how a price changes: as most do, or as it was measured where that differs."""
    return usual if 1 / _NOISE < ratio / usual < _NOISE else ratio
