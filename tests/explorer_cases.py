"""Random settings of the explorer, and what sigconv returns for them."""

import numpy as np

import sigconv
from sigconv.semantics.boundary import BOUNDARIES
from sigconv.semantics.window import MODES


def settings(rng, most=9):
    """Return random settings as the page has them: numbers are eighths, so that every sum is exact."""
    mode, boundary = rng.choice(MODES), rng.choice(BOUNDARIES)
    kernel_shape = rng.integers(1, 8, 2)
    signal_shape = rng.integers(1, most + 1, 2)
    if mode == "valid" and rng.random() < 0.8:
        signal_shape = np.maximum(signal_shape, kernel_shape)
    kernel = rng.integers(0 if boundary == "renormalize" and rng.random() < 0.8 else -40, 41, kernel_shape) / 8
    center = [int(rng.integers(taps)) for taps in kernel_shape] if mode == "same" and rng.random() < 0.5 else None
    return {
        "signal": (rng.integers(-80, 81, signal_shape) / 8).tolist(),
        "kernel": kernel.tolist(),
        "mode": str(mode),
        "flip": bool(rng.random() < 0.5),
        "boundary": str(boundary),
        "fill": int(rng.integers(-20, 21)) / 8 if boundary == "constant" else 0,
        "stride": int(rng.integers(1, 4)),
        "dilation": int(rng.integers(1, 4)),
        "center": center,
    }


def expected(given):
    """Return sigconv's result for such settings, or None where it refuses them."""
    options = {name: given[name] for name in ("mode", "flip", "stride", "dilation")}
    if given["mode"] != "valid":
        options["boundary"] = given["boundary"]
    if options.get("boundary") == "constant":
        options["fill_value"] = given["fill"]
    if given["center"] is not None:
        options["center"] = tuple(given["center"])
    try:
        return sigconv.slide(np.array(given["signal"]), np.array(given["kernel"]), method="direct", **options)
    except sigconv.ArgumentValueError:
        return None


def close(found, wanted, given):
    """Return whether both are equal: exactly, but for the factor of `renormalize` and its own roundings."""
    if given["boundary"] != "renormalize" or given["mode"] == "valid":
        return np.array_equal(found, wanted)
    # Two sums of at most m taps, a quotient and a product: (2m + 2)u, on each side; higher orders in the 3.
    roundings = 3 * (2 * np.size(given["kernel"]) + 2) * np.finfo(float).eps / 2
    return np.allclose(found, wanted, rtol=2 * roundings, atol=0, equal_nan=True)
