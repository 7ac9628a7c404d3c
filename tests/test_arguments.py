"""Argument errors: raised before any work, of the package's own classes, saying what was given and what is allowed."""

import copy
import re

import numpy as np
import pytest

import sigconv
from sigconv import ArgumentTypeError, ArgumentValueError, SigconvError
from sigconv.semantics.describe import describe

METHODS = sigconv.methods()
SIGNAL, KERNEL = [1.0, 2.0, 3.0, 4.0], [1.0, 2.0]
ALL_MODES = ("full", "same", "valid")
ALL_BOUNDARIES = ("zero", "constant", "edge", "symmetric", "reflect", "wrap", "renormalize")

# More samples than any memory holds: whatever is refused with these is refused before any work.
VAST = np.broadcast_to(np.float64(1), (1 << 40,))
VAST_IMAGE = np.broadcast_to(np.float64(1), (1 << 20, 1 << 21))


def refused(error, fragments, function, *args, **kwargs):
    """Assert the class of an error and that its message contains all fragments."""
    with pytest.raises(error) as caught:
        function(*args, **kwargs)
    assert isinstance(caught.value, SigconvError)
    missing = [text for text in fragments if str(text) not in str(caught.value)]
    assert not missing, f"{caught.value} does not say {missing}"


def test_the_classes_are_the_built_in_ones_too():
    """A caller who catches ValueError, TypeError or OverflowError catches ours."""
    assert issubclass(ArgumentValueError, SigconvError)
    assert issubclass(ArgumentValueError, ValueError)
    assert issubclass(ArgumentTypeError, SigconvError)
    assert issubclass(ArgumentTypeError, TypeError)
    assert issubclass(sigconv.ResultOverflowError, SigconvError)
    assert issubclass(sigconv.ResultOverflowError, OverflowError)


# --- names and numbers -----------------------------------------------------------------------------------------------

BAD_VALUES = [
    ({"mode": "middle"}, ["mode", "'middle'", *ALL_MODES]),
    ({"mode": None}, ["mode", "None", *ALL_MODES]),
    ({"mode": 2}, ["mode", "2", *ALL_MODES]),
    ({"method": "fast"}, ["method", "'fast'", "auto", *METHODS]),
    ({"method": None}, ["method", "None", "auto", *METHODS]),
    ({"boundary": "nonsense"}, ["boundary", "'nonsense'", *ALL_BOUNDARIES]),
    ({"boundary": None}, ["boundary", "None", *ALL_BOUNDARIES]),
    ({"boundary": 3}, ["boundary", "3", *ALL_BOUNDARIES]),
    ({"boundary": ("wrap", "zero")}, ["boundary", "2", "1"]),
    ({"boundary": ()}, ["boundary", "0", "1"]),
    ({"stride": 0}, ["stride", "0", "1"]),
    ({"stride": -2}, ["stride", "-2", "1"]),
    ({"stride": (1, 2)}, ["stride", "(1, 2)", "1"]),
    ({"dilation": 0}, ["dilation", "0", "1"]),
    ({"dilation": (1, 2)}, ["dilation", "(1, 2)", "1"]),
    ({"mode": "same", "center": 2}, ["center", "2", "0 to 1"]),
    ({"mode": "same", "center": -1}, ["center", "-1", "0 to 1"]),
    ({"mode": "same", "center": (0, 0)}, ["center", "(0, 0)"]),
    ({"center": 0}, ["center", "full", "same"]),
    ({"mode": "valid", "center": 0}, ["center", "valid", "same"]),
    ({"axes": 1}, ["axes", "1", "-1", "0"]),
    ({"axes": -2}, ["axes", "-2"]),
    ({"axes": (0, 0)}, ["axes", "(0, 0)", "twice"]),
    ({"axes": (0, -1)}, ["axes", "(0, -1)", "twice"]),
    ({"fill_value": 3}, ["fill_value", "3", "constant"]),
    ({"workers": 0}, ["workers", "0", "1"]),
    ({"workers": -1}, ["workers", "-1", "1"]),
    ({"max_bytes": 0}, ["max_bytes", "0"]),
    ({"max_bytes": -5}, ["max_bytes", "-5"]),
    ({"out": np.zeros(3)}, ["out", "(3,)", str((1 << 40) + 1)]),
]
BAD_TYPES = [
    ({"stride": 1.5}, ["stride", "1.5"]),
    ({"stride": "2"}, ["stride", "'2'"]),
    ({"stride": True}, ["stride", "True"]),
    ({"stride": None}, ["stride", "None"]),
    ({"dilation": 2.5}, ["dilation", "2.5"]),
    ({"mode": "same", "center": 0.5}, ["center", "0.5"]),
    ({"mode": "same", "center": "0"}, ["center", "'0'"]),
    ({"axes": 0.5}, ["axes", "0.5"]),
    ({"axes": "0"}, ["axes", "'0'"]),
    ({"workers": 1.5}, ["workers", "1.5"]),
    ({"workers": "2"}, ["workers", "'2'"]),
    ({"workers": True}, ["workers", "True"]),
    ({"max_bytes": "1 GB"}, ["max_bytes", "1 GB"]),
    ({"out": [0.0]}, ["out", "list"]),
    ({"border": "wrap"}, ["border", "boundary"]),
]
BAD_EITHER_WAY = [  # a value of no use as a name: which of the two classes is left open
    ({"mode": ["full"]}, ["mode", *ALL_MODES]),
    ({"method": ["fft"]}, ["method", *METHODS]),
    ({"boundary": {}}, ["boundary"]),
    ({"max_bytes": 1.5}, ["max_bytes", "1.5"]),
]


@pytest.mark.parametrize(("options", "fragments"), BAD_VALUES, ids=str)
@pytest.mark.parametrize("function", [sigconv.convolve, sigconv.correlate])
def test_bad_values(function, options, fragments):
    """A wrong value is named together with the right ones, before 2⁴⁰ samples are touched."""
    refused(ArgumentValueError, fragments, function, VAST, KERNEL, **options)


@pytest.mark.parametrize(("options", "fragments"), BAD_TYPES, ids=str)
@pytest.mark.parametrize("function", [sigconv.convolve, sigconv.correlate])
def test_bad_types(function, options, fragments):
    """So is a value of a wrong type, and an unknown keyword."""
    refused(ArgumentTypeError, fragments, function, VAST, KERNEL, **options)


@pytest.mark.parametrize(("options", "fragments"), BAD_EITHER_WAY, ids=str)
def test_values_that_are_no_names(options, fragments):
    """Lists and dicts where a name is expected get the package's error, not one from inside."""
    refused(SigconvError, fragments, sigconv.convolve, VAST, KERNEL, **options)


@pytest.mark.parametrize("wrong", [(True, 2), (1.0, 2), [1, 2.0]])
@pytest.mark.parametrize("name", ["axes", "stride", "dilation", "center"])
def test_whole_numbers_in_a_tuple(name, wrong):
    """A number that equals a whole one is refused, also after a call or a plan with the whole ones."""
    options = {name: (1, 2), "mode": "same"}
    for call, operands in (
        (sigconv.convolve, (np.ones((2, 9, 8)), np.ones((4, 4)))),
        (sigconv.plan, ((2, 9, 8), (4, 4))),
    ):
        given = {"axes": (1, 2)} | options
        call(*operands, **given)
        with pytest.raises(ArgumentTypeError, match=f"{name}=(True|[12].0): use a whole number"):
            call(*operands, **(given | {name: wrong}))


@pytest.mark.parametrize("name", ["flip", "conjugate"])
def test_convolve_takes_no_orientation(name):
    """`flip` and `conjugate` belong to `slide`; the error speaks of the caller's call."""
    with pytest.raises(TypeError) as caught:
        sigconv.convolve(SIGNAL, KERNEL, **{name: True})
    assert name in str(caught.value)
    assert "_compute" not in str(caught.value)


def test_a_plan_is_for_any_number_of_workers():
    """`plan` says where `workers` belongs."""
    with pytest.raises(ArgumentTypeError, match="where it is called"):
        sigconv.plan(100, 3, workers=2)


def test_slide_needs_a_flip():
    """`flip` has no default."""
    with pytest.raises(TypeError, match="flip"):
        sigconv.slide(SIGNAL, KERNEL)


@pytest.mark.parametrize("flip", [None, "yes", 2])
def test_flip_is_true_or_false(flip):
    """What is neither true nor false is not guessed."""
    refused(ArgumentTypeError, ["flip", repr(flip)], sigconv.slide, SIGNAL, KERNEL, flip=flip)


@pytest.mark.parametrize("options", [{"stride": np.int64(2)}, {"stride": [2]}, {"axes": [0]}, {"axes": np.int64(-1)},
                                     {"mode": "same", "center": [0]}, {"mode": "same", "center": (None,)},
                                     {"dilation": np.array(2)}, {"boundary": ["wrap"]},
                                     {"boundary": "constant", "fill_value": np.float32(2)}], ids=str)  # fmt: skip
def test_numpy_numbers_and_lists_are_taken(options):
    """NumPy's integers, and lists where tuples are documented, are no errors."""
    plain = {name: value.tolist() if hasattr(value, "tolist") else value for name, value in options.items()}
    plain = {name: tuple(value) if isinstance(value, list) else value for name, value in plain.items()}
    got = sigconv.convolve(SIGNAL, KERNEL, **options)
    assert got.tolist() == sigconv.convolve(SIGNAL, KERNEL, **plain).tolist()


# --- other libraries' names ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("mirror", "reflect"),
        ("nearest", "edge"),
        ("extend", "edge"),
        ("replicate", "edge"),
        ("symm", "symmetric"),
        ("grid-mirror", "symmetric"),
        ("circular", "wrap"),
        ("grid-wrap", "wrap"),
        ("periodic", "wrap"),
        ("zeros", "zero"),
        ("fill", "constant"),
        ("grid-constant", "constant"),
    ],
)
def test_foreign_boundary_names(theirs, ours):
    """Another library's name for a boundary is answered with ours."""
    refused(ArgumentValueError, [repr(theirs), repr(ours)], sigconv.convolve, VAST, KERNEL, boundary=theirs)
    refused(ArgumentValueError, [repr(ours)], sigconv.correlate, VAST_IMAGE, [KERNEL], boundary=("zero", theirs))


# --- shapes ----------------------------------------------------------------------------------------------------------


def test_ndim_without_axes():
    """Operands with different numbers of axes need `axes=`."""
    refused(ArgumentValueError, ["2", "1", "axes="], sigconv.convolve, VAST_IMAGE, KERNEL)


def test_batch_axes_that_do_not_broadcast():
    """Axes that are not convolved have equal sizes or one of 1."""
    refused(ArgumentValueError, ["(2, 3)", "(3, 2)", "0"], sigconv.convolve, np.ones((2, 3)), np.ones((3, 2)), axes=1)


@pytest.mark.parametrize("mode", ALL_MODES)
@pytest.mark.parametrize(
    ("signal", "kernel", "options", "which"),
    [
        ([], KERNEL, {}, "signal"),
        (SIGNAL, [], {}, "kernel"),
        (np.ones((0, 3)), np.ones((2, 2)), {}, "signal"),
        (np.ones((0, 3)), KERNEL, {"axes": 0}, "signal"),
        (np.ones((2, 3)), np.ones((2, 0)), {"axes": 1}, "kernel"),
    ],
)
def test_empty_convolved_axis(mode, signal, kernel, options, which):
    """An operand with no samples on a convolved axis has no convolution."""
    refused(ArgumentValueError, [which, "empty", "axis"], sigconv.convolve, signal, kernel, mode, **options)


@pytest.mark.parametrize(
    ("shape", "kernel_shape", "axes", "result"),
    [
        ((0, 4), (3,), 1, (0, 6)),
        ((4, 0), (3,), 0, (6, 0)),
        ((2, 0, 4), (2, 3), (0, 2), (3, 0, 6)),
        ((1, 4), (0, 3), 1, (0, 6)),
    ],
)
@pytest.mark.parametrize("dtype", [np.int16, np.float32])
@pytest.mark.parametrize("method", [*METHODS, "auto"])
def test_empty_batch(method, dtype, shape, kernel_shape, axes, result):
    """A batch of nothing has an empty result."""
    got = sigconv.convolve(np.ones(shape, dtype), np.ones(kernel_shape, dtype), "full", method, axes=axes)
    assert got.shape == result
    assert got.dtype == (np.int64 if dtype == np.int16 else np.float32)


@pytest.mark.parametrize(
    ("shape", "kernel_shape", "options"),
    [((4, 1), (1, 4), {}), ((4, 2), (2, 2), {"dilation": (1, 3)}), ((5, 2, 3), (3, 4), {"axes": (0, 2)})],
)
def test_valid_without_containment(shape, kernel_shape, options):
    """`valid` needs one operand to contain the other on all convolved axes, holes of a dilated kernel counted."""
    refused(
        *(ArgumentValueError, ["valid", "neither", "full", "same"]),
        *(sigconv.convolve, np.ones(shape), np.ones(kernel_shape), "valid"),
        **options,
    )


def test_an_axis_that_the_signal_lacks():
    """Only the kernel has axis 0 here: nothing could be convolved along it."""
    refused(ArgumentValueError, ["signal", "axis"], sigconv.convolve, np.ones(4), np.ones((3, 1, 2)), axes=(0, 2))
    refused(ArgumentValueError, ["axes", "(0, 1)"], sigconv.convolve, np.ones(4), np.ones((3, 2)), axes=(0, 1))


# --- samples and fill values -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dtype", "fill"),
    [
        ("int64", 0.5),
        ("int64", float("nan")),
        ("int64", float("inf")),
        ("int64", 2**63),
        ("int64", 1j),
        ("int64", "a"),
        ("int64", None),
        ("uint8", -1),
        ("uint8", 256),
        ("bool", 2),
        ("float32", 1e300),
        ("float16", 1e5),
        ("float64", 1j),
        ("float64", [1, 2]),
    ],
)
def test_fill_value_must_fit(dtype, fill):
    """A fill value that the signal's dtype can't hold is refused, not rounded or wrapped."""
    signal = np.broadcast_to(np.ones(1, dtype), (1 << 40,))
    shown = str(fill[0]) if isinstance(fill, list) else repr(fill)
    given = {"boundary": "constant", "fill_value": fill}
    refused(SigconvError, ["fill_value", shown], sigconv.convolve, signal, np.ones(2, dtype), **given)


@pytest.mark.parametrize(("dtype", "fill"), [("int8", -128), ("uint64", 2**64 - 1), ("bool", True), ("int16", 3.0),
                                             ("float16", 0.1), ("complex64", 1 - 2j), ("float32", 7)])  # fmt: skip
def test_fill_value_that_fits(dtype, fill):
    """Whatever the dtype holds is taken, whole floats for integers too."""
    got = sigconv.convolve(np.zeros(1, dtype), np.ones(2, dtype), boundary="constant", fill_value=fill)
    assert got[0] == np.asarray(fill, dtype).item()


@pytest.mark.parametrize("position", [0, 1])
@pytest.mark.parametrize("bad", ["abc", b"abc", ["a", "b"], np.array(["2020-01-01"], "M8[D]"), np.array([1], "m8[s]"),
                                 np.zeros(2, [("a", float)]), np.zeros(2, "V4")], ids=repr)  # fmt: skip
def test_dtypes_without_sums(position, bad):
    """Strings, dates and records are refused with their dtype's name."""
    operands = [np.ones(np.shape(bad)), np.ones(np.shape(bad))]
    operands[position] = bad
    name = ("signal", "kernel")[position]
    refused(ArgumentTypeError, [name, str(np.asarray(bad).dtype)], sigconv.convolve, *operands)


@pytest.mark.parametrize("position", [0, 1])
def test_rows_of_different_lengths(position):
    """A ragged list is no array."""
    operands = [[SIGNAL], [KERNEL]]
    operands[position] = [[1, 2], [3]]
    refused(ArgumentTypeError, [("signal", "kernel")[position]], sigconv.convolve, *operands)


def test_masked_kernels_are_refused():
    """A kernel's mask would have no effect, so it is not taken."""
    refused(ArgumentTypeError, ["kernel", "mask", "filled"], sigconv.convolve, SIGNAL, np.ma.array(KERNEL, mask=False))


@pytest.mark.parametrize("bad", ["ab", None, {}])
def test_objects_that_are_no_numbers(bad):
    """Object arrays hold numbers; what can't be multiplied gets the package's error."""
    refused(ArgumentTypeError, ["signal"], sigconv.convolve, np.array([bad, 1], object), [1, 2])


def test_renormalize_needs_a_sum():
    """A kernel whose taps sum to zero can't be scaled to its sum."""
    for kernel in ([1.0, -1.0], [1, -2, 1], [0.1, 0.2, -0.3], np.float32([0.1, 0.2, -0.3])):
        refused(ArgumentValueError, ["renormalize", "sum"], sigconv.convolve, SIGNAL, kernel, boundary="renormalize")


# --- out -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("signal", "dtype"), [([1.0, 2.0], np.int64), ([1j, 2], np.float64), ([1.5, 2], np.uint8), ([1, 2], np.bool)]
)
def test_out_of_a_dtype_that_loses_the_kind(signal, dtype):
    """`out` takes the result by same_kind casting or not at all."""
    out = np.zeros(3, dtype)
    result = np.result_type(np.asarray(signal).dtype).name
    refused(ArgumentTypeError, ["out", str(np.dtype(dtype)), result], sigconv.convolve, signal, [1, 2], out=out)
    assert not out.any()


@pytest.mark.parametrize("shape", [(4,), (5, 1), ()])
def test_out_of_a_wrong_shape(shape):
    """`out` has exactly the result's shape."""
    refused(ArgumentValueError, ["out", str(shape), "(5,)"], sigconv.convolve, SIGNAL, KERNEL, out=np.zeros(shape))


def test_out_that_is_read_only():
    """`out` is written to."""
    out = np.zeros(5)
    out.setflags(write=False)
    refused(ArgumentValueError, ["out", "read-only"], sigconv.convolve, SIGNAL, KERNEL, out=out)


# --- memory ----------------------------------------------------------------------------------------------------------


def test_nothing_fits():
    """With `auto`, every method's need is said."""
    with pytest.raises(ArgumentValueError) as caught:
        sigconv.convolve(VAST_IMAGE, VAST_IMAGE[:100, :100], max_bytes=100)
    assert all(name in str(caught.value) for name in METHODS)
    assert re.search(r"needs \d+ bytes", str(caught.value))


# --- plans, filters, lags, separable kernels -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("args", "options", "error", "fragments"),
    [
        (((4, -1), (2, 2)), {}, SigconvError, ["signal_shape", "(4, -1)"]),
        ((4.5, 2), {}, SigconvError, ["signal_shape", "4.5"]),
        ((4, "2"), {}, SigconvError, ["kernel_shape", "'2'"]),
        ((4, 2), {"signal_dtype": "U3"}, ArgumentTypeError, ["signal", "U3"]),
        ((4, 2), {"signal_dtype": "nonsense"}, ArgumentTypeError, ["nonsense"]),
        ((4, 2), {"kernel_dtype": "M8[s]"}, ArgumentTypeError, ["kernel", "datetime64"]),
        ((4, 2), {"mode": "middle"}, ArgumentValueError, ["middle", *ALL_MODES]),
        ((4, 2), {"method": "fast"}, ArgumentValueError, ["fast", *METHODS]),
        ((4, 2), {"boundary": "mirror"}, ArgumentValueError, ["reflect"]),
        ((4, 0), {}, ArgumentValueError, ["kernel", "empty"]),
        (((4, 4), 2), {}, ArgumentValueError, ["axes="]),
        ((4, 2), {"signal_dtype": int, "boundary": "constant", "fill_value": 0.5}, ArgumentValueError, ["0.5"]),
        ((4, 2), {"signal_dtype": object, "method": "fft"}, ArgumentValueError, ["fft", "object"]),
    ],
)
def test_bad_plans(args, options, error, fragments):
    """A plan is refused as the call would be."""
    refused(error, fragments, sigconv.plan, *args, **options)


@pytest.mark.parametrize("operands", [([1.0] * 3, KERNEL), (SIGNAL, [1.0] * 3), ([1] * 4, KERNEL), ([SIGNAL], KERNEL)])
def test_a_plan_serves_its_shapes_and_dtypes_only(operands):
    """Other operands are refused, with what the plan is for."""
    refused(ArgumentValueError, ["plan", "float64"], sigconv.plan(4, 2), *operands)


@pytest.mark.parametrize(
    ("options", "fragments"),
    [
        ({"mode": "middle"}, ["middle", *ALL_MODES]),
        ({"method": "fast"}, ["fast", *METHODS]),
        ({"boundary": "mirror"}, ["reflect"]),
        ({"stride": 0}, ["stride"]),
        ({"dilation": 1.5}, ["dilation"]),
        ({"center": 2}, ["center", "0 to 1"]),
        ({"mode": "full", "center": 0}, ["center", "same"]),
        ({"workers": 0}, ["workers"]),
        ({"border": "wrap"}, ["border"]),
        ({"fill_value": 2}, ["fill_value", "constant"]),
        ({"axes": (1, 1)}, ["axes=(1, 1)", "twice"]),
    ],
    ids=str,
)
def test_bad_filters(options, fragments):
    """What does not depend on the signal is refused when the filter is made."""
    refused(SigconvError, fragments, sigconv.Filter, KERNEL, **options)


@pytest.mark.parametrize(
    ("taps", "axes", "shape"),
    [
        ((2, 3), (0, -2), (5, 6, 2)),
        ((2, 3), (-2, 0), (5, 6, 2)),
        ((2, 3, 1), (1, -2), (4, 5, 6, 2)),
        ((3,), -4, (9,) * 4),
    ],
)
def test_axes_of_a_filter_may_be_counted_from_both_ends(taps, axes, shape):
    """In a signal of few axes they would be the same; the filter is for others."""
    signal, kernel = np.random.default_rng(0).integers(0, 9, shape), np.arange(np.prod(taps)).reshape(taps)
    want = sigconv.convolve(signal, kernel, "same", axes=axes)
    np.testing.assert_array_equal(sigconv.Filter(kernel, axes=axes)(signal), want)


@pytest.mark.parametrize("kernel", [[], "abc", np.ma.array([1.0, 2.0]), [[1], [2, 3]]], ids=repr)
def test_bad_kernels_of_filters(kernel):
    """So is a kernel that no signal can meet."""
    refused(SigconvError, ["kernel"], sigconv.Filter, kernel)


@pytest.mark.parametrize("method", ["auto", *METHODS])
@pytest.mark.parametrize("dtype", ["f4", "f8", "c16", "i4", "f2"])
@pytest.mark.parametrize("shapes", [((5,), (2,)), ((5_000,), (64,)), ((90, 80), (7, 7))], ids=str)
def test_a_filter_is_not_changed_through_its_kernel(method, dtype, shapes):
    """The kernel is copied, and can't be written to: what is prepared later is the same, also of a copy."""
    signal, given = (np.random.default_rng(i).integers(-4, 5, shape).astype(dtype) for i, shape in enumerate(shapes))
    kernel = given.copy()
    applied = sigconv.Filter(kernel, "full", method=method)
    kernel[...] = 0
    for f in (applied, copy.deepcopy(applied)):
        for x in (signal, signal[:-1]):
            want = sigconv.Filter(given, "full", method=method)(x)
            for _ in range(2):
                np.testing.assert_array_equal(f(x), want)
                with pytest.raises(ValueError, match="read-only"):
                    f.kernel[...] = 0
                with pytest.raises(AttributeError):
                    f.kernel = kernel
    np.testing.assert_array_equal(applied.kernel, given, strict=True)


@pytest.mark.parametrize(
    ("kernel", "options", "shape"),
    [
        (KERNEL, {"stride": 2}, (2,)),  # three samples or four
        (np.ones((2, 1, 2)), {"axes": -1}, (2, 3, 4)),  # a signal of one channel group or of two
    ],
)
def test_the_adjoint_asks_for_a_shape(kernel, options, shape):
    """Where the result does not tell the signal's shape, it is asked for, not guessed."""
    refused(ArgumentValueError, ["shape="], sigconv.Filter(kernel, **options).adjoint, np.ones(shape))


def test_the_adjoint_of_a_result_that_does_not_fit():
    """A wrong shape is named together with the right one."""
    adjoint = sigconv.Filter(KERNEL, "full").adjoint
    refused(ArgumentValueError, ["(4,)", "(6,)"], adjoint, np.ones(4), shape=(5,))


@pytest.mark.parametrize(
    ("args", "options", "fragments"),
    [
        ((0, 3), {}, ["n", "0"]),
        ((3, 0), {}, ["m", "0"]),
        ((4, 3, "middle"), {}, ["middle", *ALL_MODES]),
        ((4, 3), {"stride": 0}, ["stride"]),
        ((4, 3), {"dilation": 0}, ["dilation"]),
        ((4, 3), {"center": 0}, ["center", "same"]),
        ((4, 3, "same"), {"center": 3}, ["center", "0 to 2"]),
        ((4.5, 3), {}, ["4.5"]),
    ],
)
def test_bad_lags(args, options, fragments):
    """`lags` takes what `correlate` takes."""
    refused(SigconvError, fragments, sigconv.lags, *args, **options)


@pytest.mark.parametrize("factors", [(), ([[1]],), (3,), ([1], [[2]])], ids=str)
def test_bad_separable(factors):
    """A separable kernel is made of 1-D kernels."""
    refused(ArgumentValueError, ["1-D"], sigconv.Separable, *factors)


def test_a_problem_without_options_is_a_full_convolution():
    """What is not said of a problem is what the calls take, too."""
    made = describe((5,), (3,), np.dtype(complex), np.dtype(complex))
    assert (made.mode, made.flip, made.conjugate) == ("full", True, False)
    assert (made.nan, made.accuracy) == ("propagate", "normwise")
    assert (made.axes[0].boundary, made.axes[0].stride, made.axes[0].dilation) == ("zero", 1, 1)
    assert made == sigconv.plan((5,), (3,), complex).problem
