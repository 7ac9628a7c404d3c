"""Kernels that average: their taps add up to 1, so that even parts of a signal keep their value."""

from __future__ import annotations

import numpy as np

from ...errors import ArgumentValueError
from .entry import Kernel, NamedKernel, distances, finite, length, number, outer


def identity(ndim: int) -> Kernel:
    """Return a single 1."""
    return np.ones((1,) * ndim)


def box(ndim: int, size: str) -> Kernel:
    """Return equal taps that add up to 1."""
    taps = length("box", size, ndim)
    return np.full((taps,) * ndim, 1.0 / taps**ndim)


def gaussian(ndim: int, size: str, sigma: str | None = None) -> Kernel:
    """Return the outer product of Gaussian bells."""
    taps = length("gaussian", size, ndim)
    squares = distances(taps) ** 2
    width = deviation("gaussian", taps, sigma)
    with np.errstate(over="ignore"):  # the middle stays 1 however small sigma is
        weights = np.exp(-0.5 * ((squares - squares.min()) / width / width))
    return outer(*[weights / weights.sum()] * ndim)


def deviation(name: str, taps: int, sigma: str | None) -> float:
    """Return sigma, the standard deviation of a bell in samples."""
    width = taps / 6 if sigma is None else number(name, "sigma", sigma)
    if not 0 < width < np.inf:
        raise ArgumentValueError(f"sigma of kernel {name!r} is {sigma}: it must be a finite number above 0")
    return width


def motion(ndim: int, size: str, degrees: str = "0") -> Kernel:
    """Return N points on a line through the middle, each shared between the four taps around it."""
    taps = length("motion", size, ndim)
    angle = np.deg2rad(finite("motion", "degrees", degrees) % 180)
    steps = distances(taps)
    down, right = (_shares((taps - 1) / 2 + steps * slope, taps) for slope in (-np.sin(angle), np.cos(angle)))
    return np.asarray(down.T @ right / taps)


def _shares(positions: Kernel, taps: int) -> Kernel:
    """Return how much of a point at each position (rows) falls on each tap (columns), by linear interpolation."""
    exact = positions.round(9)[:, np.newaxis]  # cos(90°) is 6e-17 in floats
    return np.maximum(0.0, 1.0 - abs(exact - np.arange(taps)))


def lowpass(ndim: int, size: str, cutoff: str) -> Kernel:
    """Return a windowed sinc."""
    taps = length("lowpass", size, ndim)
    fraction = number("lowpass", "cutoff", cutoff)
    if not 0 < fraction < 0.5:
        raise ArgumentValueError(
            f"cutoff of kernel 'lowpass' is {cutoff}: it must be above 0 and below 0.5 (half the sampling rate)"
        )
    weights = np.sinc(2 * fraction * distances(taps)) * np.hamming(taps)
    return np.asarray(weights / weights.sum())


ENTRIES = (
    NamedKernel(
        "identity",
        "Identity",
        "A single 1: the signal comes back unchanged.",
        "Every output is its own sample.",
        "The neutral element of convolution: a check of centre and boundary, a part of sharpening kernels.",
        identity,
    ),
    NamedKernel(
        "box",
        "Box blur (moving average)",
        "The mean of N samples along every axis: each tap is 1/N^ndim.",
        "Blurs, and lets some high frequencies through with their sign reversed.",
        "The moving average of a series; a quick blur; the mean brightness of a neighbourhood.",
        box,
        parameters=("N",),
        arguments=("5",),
    ),
    NamedKernel(
        "gaussian",
        "Gaussian blur",
        "exp(−d²/(2·sigma²)) at distance d from the middle, N taps along every axis, sum 1; sigma is N/6 if not given.",
        "Blurs the same in all directions, without reversing any frequency.",
        "Removing noise and fine detail, often before edges are looked for or a picture is made smaller.",
        gaussian,
        parameters=("N", "[sigma]"),
        arguments=("9",),
    ),
    NamedKernel(
        "motion",
        "Motion blur",
        "N points of 1/N, a sample apart on a line through the middle; degrees from x upwards, 0 if not given.",
        "Smears along one direction, as a camera does that moves while its shutter is open.",
        "Imitating motion in pictures; the model that deblurring inverts.",
        motion,
        parameters=("N", "[degrees]"),
        dimensions=(2,),
        arguments=("9", "45"),
    ),
    NamedKernel(
        "lowpass",
        "Low-pass filter (windowed sinc)",
        "sin(2π·cutoff·d)/(πd) under a Hamming window, N taps, sum 1; cutoff as a fraction of the sampling rate.",
        "Keeps frequencies below the cutoff and stops those above; the more taps, the sharper the edge between them.",
        "Removing hiss and mains hum from recordings; before keeping only every s-th sample.",
        lowpass,
        parameters=("N", "cutoff"),
        dimensions=(1,),
        arguments=("31", "0.1"),
    ),
)
