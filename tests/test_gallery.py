"""The gallery: what is said of a kernel is true, the frequency response is what it does to waves, the pictures."""

import sys

import numpy as np
import pytest
from command import succeed

import sigconv
from sigconv import gallery

NEEDED = "the pictures need matplotlib, the extra `plot`"


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ([[1, 0, -1], [2, 0, -2], [1, 0, -1]], (0, True, "odd")),
        ([[0, 1, 0], [1, -4, 1], [0, 1, 0]], (0, False, "even")),
        ([1, 2, 4], (7, True, "none")),
        ([[1, 2], [3, 4]], (10, False, "none")),
        ([0.1] * 10, (pytest.approx(1), True, "even")),
        ([0.1, 0.2, -0.3], (0.0, True, "none")),
        (np.multiply.outer([1j, 2], [3, 4j]), (2 + 11j, True, "none")),
        (np.array([True, True]), (2, True, "even")),
        (np.zeros((2, 2)), (0.0, True, "even")),
    ],
)
def test_facts_by_hand(weights, expected):
    found = gallery.facts(weights)
    assert (found.sum, found.separable, found.symmetry) == expected


@pytest.mark.parametrize("name", gallery.KERNELS)
def test_facts_mean_what_they_say(name):
    """Separable kernels have rank 1; even ones correlate as they convolve, odd ones with the other sign."""
    weights = gallery.shown(gallery.KERNELS[name])
    signal = np.random.default_rng(1).random((40,) * weights.ndim)
    found = gallery.facts(weights)
    convolved, correlated = (slid(signal, weights, "valid") for slid in (sigconv.convolve, sigconv.correlate))
    sign = {"even": 1, "odd": -1}.get(found.symmetry)
    if sign is not None:
        np.testing.assert_allclose(convolved, sign * correlated, atol=1e-13)
    else:
        assert abs(abs(convolved) - abs(correlated)).max() > 0.1
    if weights.ndim == 2:
        assert found.separable == (np.linalg.matrix_rank(weights) == 1)
    even = sigconv.convolve(np.ones(signal.shape), weights, "valid")
    np.testing.assert_allclose(even, found.sum, atol=1e-13)


@pytest.mark.parametrize("weights", [[1.0, 2.0, -1.0], [[1, 2], [3, 5j]]])
def test_the_response_is_what_a_kernel_does_to_a_wave(weights):
    """A wave of each frequency comes out as itself times H."""
    weights = np.asarray(weights)
    frequencies, response = gallery.frequency_response(weights, 8)
    assert response.shape == (8,) * weights.ndim
    for index in np.ndindex(response.shape):
        wave = np.ones(())
        for i in index:
            wave = np.multiply.outer(wave, np.exp(2j * np.pi * frequencies[i] * np.arange(6)))
        out = sigconv.convolve(wave, weights, "valid")
        middle = (slice(m - 1, None) for m in weights.shape)
        np.testing.assert_allclose(out, response[index] * wave[tuple(middle)], atol=1e-14)


@pytest.mark.parametrize(
    ("call", "fragment"),
    [
        (lambda: gallery.facts([]), "at least one axis and one tap"),
        (lambda: gallery.facts(3), "at least one axis"),
        (lambda: gallery.facts(["a"]), "array of numbers"),
        (lambda: gallery.frequency_response([1, 2, 3], 2), "at least as many as taps"),
        (lambda: gallery.describe("blurr"), "choose one of identity"),
        (lambda: gallery.plot(np.ones((2, 2, 2))), "one and two axes"),
        (lambda: gallery.compare(np.ones(5)), r"\(rows, columns\)"),
        (lambda: gallery.compare(np.ones((5, 5, 4))), r"\(rows, columns, 3\)"),
        (lambda: gallery.compare(np.ones((5, 5), complex)), "real numbers"),
        (lambda: gallery.compare(np.ones((5, 5)), []), "names is empty"),
        (lambda: gallery.compare(np.ones((5, 5)), ["lowpass:5:0.1"]), "has 1 dimensions, not 2"),
    ],
)
def test_refusals(call, fragment):
    with pytest.raises(sigconv.SigconvError, match=fragment):
        call()


def test_the_table_has_all_kernels():
    lines = gallery.table().splitlines()
    assert [line.split()[0] for line in lines[1:]] == gallery.names()


def test_a_picture_of_a_kernel(tmp_path):
    """The kernel's weights and the response are on the axes, as numbers."""
    pytest.importorskip("matplotlib", reason=NEEDED)
    axes = gallery.plot("sobel-x", path=tmp_path / "k.png")
    assert axes.shape == (1, 2)
    np.testing.assert_array_equal(axes[0, 0].images[0].get_array(), gallery.kernel("sobel-x", 2))
    assert axes[0, 1].images[0].get_array().max() == pytest.approx(8)
    assert (tmp_path / "k.png").read_bytes().startswith(b"\x89PNG")
    (line,) = gallery.plot([0.5, 0.5])[0, 1].lines
    assert line.get_ydata()[0] == 1


@pytest.mark.parametrize("shape", [(9, 11), (9, 11, 3)])
def test_compare_draws_input_kernel_and_output(tmp_path, shape):
    """Of every kernel of two axes; grey is 0 where the weights add up to 0, else black and white are the picture's."""
    pytest.importorskip("matplotlib", reason=NEEDED)
    picture = np.random.default_rng(2).integers(0, 256, shape, np.uint8)
    axes = gallery.compare(picture, path=tmp_path / "all.png")
    wanted = [entry.example for entry in gallery.KERNELS.values() if entry.exists_in(2)]
    assert [row[1].get_title() for row in axes] == wanted
    assert (tmp_path / "all.png").read_bytes().startswith(b"\x89PNG")
    identity, emboss = axes[0], axes[wanted.index("emboss")]
    np.testing.assert_allclose(identity[2].images[0].get_array(), identity[0].images[0].get_array())
    np.testing.assert_array_equal(emboss[1].images[0].get_array(), gallery.kernel("emboss", 2))
    even = gallery.compare(np.full(shape, 7), ["sobel-x"])
    assert (even[0, 2].images[0].get_array() == 0).all()
    step = gallery.compare(np.repeat([[0, 0, 0, 9, 9, 9]], 5, axis=0), ["sobel-x"])[0, 2].images[0].get_array()
    assert step[2].tolist() == [0.5, 0.5, 1, 1, 0.5, 0.5]


def test_pictures_leave_matplotlib_as_it_was(tmp_path):
    """No pyplot is imported, no setting changed."""
    matplotlib = pytest.importorskip("matplotlib", reason=NEEDED)
    before = dict(matplotlib.rcParams)
    pyplot = sys.modules.pop("matplotlib.pyplot", None)
    gallery.plot("gaussian:5", path=tmp_path / "k.svg")
    assert "matplotlib.pyplot" not in sys.modules
    if pyplot is not None:
        sys.modules["matplotlib.pyplot"] = pyplot
    assert dict(matplotlib.rcParams) == before


def test_without_matplotlib_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    with pytest.raises(sigconv.FileError, match=r"sigconv\[plot\]"):
        gallery.plot("gaussian:5")


def test_the_command_lists_and_explains(tmp_path):
    pytest.importorskip("typer")
    assert succeed("gallery", folder=tmp_path).rstrip("\n") == gallery.table()
    told = succeed("gallery", "sobel-x", folder=tmp_path)
    assert told.startswith("sobel-x: Sobel along x\n")
    assert told.endswith("[[ 1.  0. -1.]\n [ 2.  0. -2.]\n [ 1.  0. -1.]]\n")
    assert "[0.2 0.2 0.2 0.2 0.2]" in succeed("gallery", "box", "--axes", "1", folder=tmp_path)
