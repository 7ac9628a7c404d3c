"""`trace`: the textbook case to the letter, every number against independent sums, texts, tables, JSON, pictures."""

import json
from fractions import Fraction
from itertools import product

import numpy as np
import oracle
import pytest
from strategies import BOUNDARIES, MODES

import sigconv

GRADIENT = 10 * np.outer(np.arange(1, 6), np.arange(1, 6))
SOBEL = [[-1, 0, 1], [-2, 0, 2], [-1, 0, 1]]
PAD = {"zero": "constant", "constant": "constant"}
NEEDED = "the pictures need matplotlib, the extra `plot`"


def test_the_textbook_case():
    """Sobel's kernel slid over a gradient without a flip: nine positions, the first worked out on paper."""
    slid = sigconv.trace(GRADIENT, SOBEL, "valid", flip=False)
    assert len(slid) == 9
    step = slid.step(0, 0)
    assert step.total == 160
    assert step.window.tolist() == [[10, 20, 30], [20, 40, 60], [30, 60, 90]]
    assert step.kernel.tolist() == SOBEL
    assert step.products.tolist() == [[-10, 0, 30], [-40, 0, 120], [-30, 0, 90]]
    assert [p.tolist() for p in step.positions] == [[0, 1, 2], [0, 1, 2]]
    assert slid.output.tolist() == [[160] * 3, [240] * 3, [320] * 3]


def test_the_flip_changes_the_sign():
    """Sobel's kernel is the negative of its flipped self."""
    slid, convolved = (sigconv.trace(GRADIENT, SOBEL, "valid", flip=flip) for flip in (False, True))
    assert convolved.output.tolist() == (-slid.output).tolist()
    assert convolved.step(0, 0).kernel.tolist() == [[1, 0, -1], [2, 0, -2], [1, 0, -1]]
    assert convolved.step(0, 0).total == -160


def test_the_worked_text():
    """Line by line, with ghosts in brackets."""
    told = str(sigconv.trace([1, 2, 3], [1, 0, -1], "same", boundary="reflect"))
    assert told == (
        "convolve 3 int64 with 3 int64, same, reflect: 3 outputs\n"
        "In brackets: ghosts, which the boundary puts where the signal has no samples.\n"
        "\n"
        "output[0] = 0\n"
        "  window      kernel, flipped   products\n"
        "  (2)  1  2   -1  0  1          -2  0  2\n"
        "  -2 + 0 + 2 = 0\n"
        "output[1] = 2\n"
        "  window    kernel, flipped   products\n"
        "  1  2  3   -1  0  1          -1  0  3\n"
        "  -1 + 0 + 3 = 2\n"
        "output[2] = 0\n"
        "  window      kernel, flipped   products\n"
        "  2  3  (2)   -1  0  1          -2  0  2\n"
        "  -2 + 0 + 2 = 0"
    )


def test_the_table():
    """A row for each output; the first ones when asked for."""
    slid = sigconv.trace(GRADIENT, SOBEL, "valid", flip=False)
    lines = slid.table().splitlines()
    assert len(lines) == 2 + 9
    row = "[0, 0]  0 … 2  0 … 2  -10 + 0 + 30 - 40 + 0 + 120 - 30 + 0 + 90  160"
    assert " ".join(lines[2].split()) == " ".join(row.split())
    shortened = slid.table(2).splitlines()
    assert len(shortened) == 5
    assert shortened[-1] == "… and 7 more outputs"


def extended(signal, boundary, widths, fill):
    """Write the ghosts out by numpy.pad."""
    for axis, (name, width) in enumerate(zip(boundary, widths, strict=True)):
        pads = [(width, width) if i == axis else (0, 0) for i in range(signal.ndim)]
        values = {"constant_values": fill if name == "constant" else 0} if name in PAD else {}
        signal = np.pad(signal, pads, mode=PAD.get(name, name), **values)
    return signal


SETTINGS = list(product(MODES, [b for b in BOUNDARIES if b != "renormalize"], (False, True), (1, 2), (1, 2)))


@pytest.mark.parametrize("shapes", [((7,), (3,)), ((5, 6), (2, 3)), ((2, 3), (4, 4))])
def test_every_number_of_every_step(shapes):
    """Windows as numpy.pad writes them, taps flipped or not, products, and sums as the oracle has them."""
    rng = np.random.default_rng(0)
    signal, kernel = (rng.integers(-9, 10, shape) for shape in shapes)
    for mode, boundary, flip, stride, dilation in SETTINGS:
        if mode == "valid" and any(dilation * (m - 1) >= n for n, m in zip(*shapes, strict=True)):
            continue
        options = {"flip": flip, "boundary": boundary, "stride": stride, "dilation": dilation}
        options |= {"fill_value": 4} if boundary == "constant" else {}
        traced = sigconv.trace(signal, kernel, mode, **options)
        assert traced.output.tolist() == oracle.slide(signal, kernel, mode, **options).tolist()
        width = 20
        wide = extended(signal, [boundary] * signal.ndim, [width] * signal.ndim, 4)
        for step in traced:
            place = np.ix_(*(positions + width for positions in step.positions))
            assert all((np.diff(p) == dilation).all() for p in step.positions)
            assert mode == "valid" or (step.window == wide[place]).all()
            assert (step.window[step.inside] == wide[place][step.inside]).all()
            assert (step.kernel == (np.flip(kernel) if flip else kernel)).all()
            assert (step.products == step.window * step.kernel).all()
            assert step.products.sum() == step.total == traced.output[step.index]
            inside = [(p >= 0) & (p < n) for p, n in zip(step.positions, signal.shape, strict=True)]
            assert (step.inside == inside[0].reshape(-1, *[1] * (signal.ndim - 1)) & inside[-1]).all()


def test_renormalised_sums():
    """Missing samples count nothing, and the sum is scaled: worked out on paper."""
    step = sigconv.trace([2, 4, 6], [1, 2, 1], "same", boundary="renormalize").step(0)
    assert step.inside.tolist() == [False, True, True]
    assert step.products.tolist() == [0, 4, 4]
    assert step.parts[0].factor == pytest.approx(4 / 3)
    assert step.total == pytest.approx(32 / 3)
    assert "(0 + 4 + 4) · 1.33333 = 10.6667" in str(step)


def test_channels_are_added():
    """A 2×2 patch of red, green and blue under two kernels of 2×2×3: a sum for each channel, then the total."""
    patch = np.array([[[1, 2], [3, 4]], [[5, 6], [7, 8]], [[9, 10], [11, 12]]])
    kernels = np.array([[[[1, 0], [0, -1]], [[2, 0], [0, 0]], [[0, 0], [0, 1]]], np.ones((3, 2, 2), int)])
    traced = sigconv.trace(patch, kernels, "valid", flip=False, channels=True)
    first, second = traced.step(0, 0, 0), traced.step(1, 0, 0)
    assert first.sums.tolist() == [1 - 4, 10, 12]
    assert (first.total, second.total) == (19, 78)
    assert second.products.tolist() == patch.tolist()
    assert "all channels: -3 + 10 + 12 = 19" in str(first)
    assert traced.output.tolist() == [[[19]], [[78]]]
    one = sigconv.trace(patch, kernels[0], "valid", flip=False, channels=True)
    assert one.output.tolist() == [[19]]
    assert one.step(0, 0).sums.tolist() == first.sums.tolist()
    line = sigconv.trace([[1, 2, 3], [4, 5, 6]], [[1, 1], [10, 1]], "valid", flip=False, channels=True)
    assert line.output.tolist() == [3 + 45, 5 + 56]


def test_many_channels_against_a_sum_of_slides():
    rng = np.random.default_rng(1)
    signal, kernels = rng.integers(-9, 9, (4, 6, 5)), rng.integers(-9, 9, (3, 4, 3, 2))
    traced = sigconv.trace(signal, kernels, "same", channels=True, boundary="wrap", stride=2)
    for k, kernel in enumerate(kernels):
        slides = [
            oracle.slide(x, h, "same", flip=True, boundary="wrap", stride=2)
            for x, h in zip(signal, kernel, strict=True)
        ]
        assert traced.output[k].tolist() == sum(slides).tolist()
    for step in traced:
        assert step.sums.tolist() == step.products.sum(axis=(1, 2)).tolist()
        assert step.sums.sum() == step.total


def test_numbers_of_every_kind():
    """Fractions, conjugated complex numbers, bytes whose products are no bytes, products beyond int64, half floats."""
    fractions = sigconv.trace([Fraction(1, 3), Fraction(1, 2)], [Fraction(1, 5), 2], "valid")
    assert fractions.output.tolist() == [Fraction(2, 3) + Fraction(1, 10)]
    assert "1/3" in str(fractions)
    turned = sigconv.trace([1j, 2], [3j, 1 - 1j], "valid", flip=False, conjugate=True)
    assert turned.output.tolist() == [3 + 2 + 2j]
    assert "kernel as passed, conjugated" in str(turned)
    assert sigconv.trace(np.array([200], np.uint8), np.array([200], np.uint8)).step(0).products.tolist() == [40000]
    large = sigconv.trace([2**62, 2**62], [4, -4], "valid", flip=False).step(0)
    assert large.products.tolist() == [2**64, -(2**64)]
    assert large.total == 0
    half = sigconv.trace(np.array([0.1], "f2"), np.array([3], "f2")).step(0)
    assert half.products[0] == np.float32(np.float16(0.1)) * 3


def test_json():
    """Everything is in it; what is not finite is null, complex numbers are pairs."""
    document = json.loads(sigconv.trace(GRADIENT, SOBEL, "valid", flip=False).to_json())
    assert document["output"] == [[160] * 3, [240] * 3, [320] * 3]
    assert document["steps"][0]["products"] == [[-10, 0, 30], [-40, 0, 120], [-30, 0, 90]]
    assert document["steps"][4]["index"] == [1, 1]
    assert (document["flip"], document["mode"]) == (False, "valid")
    odd = json.loads(sigconv.trace([1j, np.inf], [1.0]).to_json())
    assert odd["output"][0] == [0, 1]
    assert odd["signal"][1] == [None, 0]
    with pytest.raises(sigconv.SigconvError, match="10000 are written out"):
        sigconv.trace(np.ones(10_001), [1.0]).to_json()


def test_html():
    """Folded outputs, the first one open; texts escaped."""
    page = sigconv.trace(GRADIENT, SOBEL, "same", flip=False)._repr_html_()
    assert page.count("<details") == 25
    assert page.count("<details open>") == 1
    assert "In brackets: ghosts" in page
    assert "(0)" in page
    inner = sigconv.trace(GRADIENT, SOBEL, "valid", flip=False)
    assert "-10 + 0 + 30 - 40 + 0 + 120 - 30 + 0 + 90 = 160" in inner._repr_html_()
    assert "output[0, 0] = 160" in inner.step(0, 0)._repr_html_()
    assert "and 75 more outputs" in sigconv.trace(np.ones((10, 10)), [[1.0]])._repr_html_()


@pytest.mark.parametrize(
    ("arguments", "fragment"),
    [
        ({"axes": 0}, "has no axes="),
        ({"kernel": [[1]]}, "one or two axes, the same number"),
        ({"signal": np.ones((2, 2, 2)), "kernel": np.ones((2, 2, 2))}, "one or two axes"),
        ({"signal": 3, "kernel": 3}, "one or two axes"),
        ({"signal": np.ones((3, 4)), "kernel": np.ones((2, 2)), "channels": True}, "the same number C of channels"),
        ({"signal": np.ones(4), "kernel": np.ones(2), "channels": True}, r"the signal is \(C, …\)"),
        ({"signal": np.ones((2, 4)), "kernel": np.ones((0, 2, 2)), "channels": True}, r"\(K, C, …\)"),
        ({"boundary": "mirror"}, "reflect"),
        ({"signal": np.full((2, 1), 2**62), "kernel": np.ones((2, 1), int), "channels": True}, "sum of all channels"),
    ],
)
def test_refusals(arguments, fragment):
    with pytest.raises(sigconv.SigconvError, match=fragment):
        sigconv.trace(**({"signal": [1, 2], "kernel": [1]} | arguments))


def test_there_is_no_such_step():
    traced = sigconv.trace(GRADIENT, SOBEL, "valid")
    assert traced.step(-1, -1).index == (2, 2)
    for index in ((0,), (3, 0), (0, 0, 0), ("picture.png", 0), (0.5, 0)):
        with pytest.raises(sigconv.SigconvError, match=r"the output has shape \(3, 3\)"):
            traced.step(*index)


def test_the_picture(tmp_path):
    """Of one axis, of two, of channels: the numbers that are drawn are those of the step, ghosts included."""
    pytest.importorskip("matplotlib", reason=NEEDED)
    axes = sigconv.trace(GRADIENT, SOBEL, "same", flip=False, boundary="edge").plot(0, 1, path=tmp_path / "t.png")
    assert axes.shape == (1, 4)
    written = [[t.get_text() for t in ax.texts] for ax in axes[0]]
    assert written[0][:7] == ["10", "10", "20", "30", "40", "50", "50"]
    assert written[1] == ["-1", "0", "1", "-2", "0", "2", "-1", "0", "1"]
    assert len(written[3]) == 25
    assert (tmp_path / "t.png").read_bytes().startswith(b"\x89PNG")
    line = sigconv.trace([1, 2, 3, 4, 5], [1, 0, -1], "full", dilation=2, boundary="reflect").plot(0)
    markers = [marks for marks in line[0, 0].lines if marks.get_marker() == "o"]
    drawn = {int(x): int(y) for marks in markers for x, y in zip(*marks.get_data(), strict=True)}
    assert drawn == {-4: 5, -3: 4, -2: 3, -1: 2, 0: 1, 1: 2, 2: 3, 3: 4, 4: 5, 5: 4, 6: 3, 7: 2, 8: 1}
    assert line[0, 1].lines[1].get_data()[0].tolist() == [-4, -2, 0]
    several = sigconv.trace(np.ones((3, 4, 4)), np.ones((2, 3, 2, 2)), channels=True).plot(1, 2, 2)
    assert several.shape == (3, 4)
    assert several[0, 3].get_title() == "outputs of kernel 1"
    assert sigconv.trace(np.ones((30, 30)), np.ones((3, 3))).plot()[0, 0].texts[:] == []
    assert sigconv.trace([np.nan, 1.0], [1.0]).plot().shape == (1, 4)
