"""What must not go wrong: views of every kind, huge and stride-0 arrays, no memory, interrupts, many threads."""

import linecache
import os
import pickle
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

import numpy as np
import pytest

import sigconv
from sigconv import nn
from sigconv.compat import matlab, scipy_signal
from sigconv.engines import transforms
from sigconv.errors import ArgumentValueError, SigconvError
from sigconv.methods.bounds import transform_bound
from sigconv.methods.workers import _apart, runner_of
from sigconv.semantics.boundary import Span, extend

METHODS = ["direct", "fft", "overlap-add"]


def draw(shape, dtype="f8", seed=0):
    """Return random numbers of a dtype."""
    rng = np.random.default_rng(seed)
    if np.dtype(dtype).kind in "iub":
        return rng.integers(0, 2 if np.dtype(dtype).kind == "b" else 100, shape).astype(dtype)
    values = rng.standard_normal(shape)
    return (values + 1j * rng.standard_normal(shape) if np.dtype(dtype).kind == "c" else values).astype(dtype)


# --- views -----------------------------------------------------------------------------------------------------------


def unaligned(array):
    """Return a copy that begins one byte behind where its numbers should."""
    view = np.empty(array.nbytes + 1, np.uint8)[1:].view(array.dtype).reshape(array.shape)
    view[...] = array
    return view


def swapped(array):
    return array.astype(array.dtype.newbyteorder())


def backwards(array):
    return array[tuple(slice(None, None, -1) for _ in array.shape)].copy()[
        tuple(slice(None, None, -1) for _ in array.shape)
    ]


def gappy(array):
    """Return a copy with other numbers between all of its own."""
    wide = np.full([3 * n for n in array.shape], 77, array.dtype)
    view = wide[tuple(slice(1, None, 3) for _ in array.shape)]
    view[...] = array
    return view


VIEWS = [unaligned, swapped, lambda a: unaligned(swapped(a)), backwards, gappy, np.asfortranarray]


@pytest.mark.parametrize("dtype", ["?", "i1", "u2", "i8", "f2", "f4", "f8", "g", "c8", "c16"])
@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize(("shape", "taps"), [((9000,), (40,)), ((60, 70), (5, 6)), ((12, 13), (3, 2))])
def test_every_view_gives_the_same_bits(dtype, method, shape, taps):
    x, h = draw(shape, dtype), draw(taps, dtype, seed=1)
    want = sigconv.convolve(x, h, "same", method, boundary="reflect")
    for view in VIEWS:
        got = sigconv.convolve(view(x), view(h), "same", method, boundary="reflect")
        np.testing.assert_array_equal(got, want, strict=True)
        out = view(np.zeros_like(want))
        assert sigconv.convolve(x, h, "same", method, boundary="reflect", out=out) is out
        np.testing.assert_array_equal(out, want)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("mode", ["full", "same", "valid"])
def test_out_may_overlap_the_operands_in_every_way(method, mode):
    """`out` slides over memory that holds the signal and the kernel, forwards, backwards and with gaps."""
    n, m = 600, 30
    x, h = draw(n), draw(m, seed=1)
    want = sigconv.convolve(x, h, mode, method)
    for step in (1, -1, 2):
        for begin in (0, 1, 7, 599, 615, 629, 640):
            memory = np.zeros(4 * (n + m))
            memory[:n], memory[n : n + m] = x, h
            out = memory[begin : begin + want.size * abs(step) : abs(step)][:: 1 if step > 0 else -1]
            got = sigconv.convolve(memory[:n], memory[n : n + m], mode, method, out=out)
            assert got is out
            np.testing.assert_array_equal(got, want)


def test_operands_may_overlap_each_other():
    memory = draw(900)
    for method in METHODS:
        got = sigconv.convolve(memory[:700], memory[650:], method=method)
        np.testing.assert_array_equal(
            got, sigconv.convolve(memory[:700].copy(), memory[650:].copy(), method=method), strict=True
        )


@pytest.mark.parametrize("dtype", ["f4", "f8", "c8", "c16"])
@pytest.mark.parametrize("method", METHODS)
def test_subnormal_numbers_count(dtype, method):
    """Nothing is flushed to zero: the error stays below the bound, far below the results."""
    real = np.finfo(dtype)
    x = (draw(3000, dtype) * (real.smallest_subnormal * 2**17)).astype(dtype)
    h = draw(60, dtype, seed=1)
    wide = np.clongdouble if np.dtype(dtype).kind == "c" else np.longdouble
    exact = np.convolve(x.astype(wide), h.astype(wide))
    size = float(np.linalg.norm(x.astype(wide) * 2.0**100) * 2.0**-100 * np.linalg.norm(h.astype(wide)))
    bound = transform_bound(np.dtype(dtype).type(0).real.dtype, 1 << 13, size)
    bound = float(bound) + 4 * h.size * float(real.smallest_subnormal)
    got = sigconv.convolve(x, h, method=method)
    assert float(np.abs(got - exact).max()) <= bound
    assert bound < float(np.abs(exact).max()) / 1000
    assert np.abs(got).max() < real.tiny  # else this would not be about subnormal numbers


# --- sizes -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["auto", "direct", "overlap-add"])
@pytest.mark.parametrize(
    ("options", "want"),
    [
        ({"mode": "valid", "stride": 2**29}, [22.5] * 16),
        ({"mode": "same", "stride": 2**30, "boundary": "reflect"}, [22.5] * 8),
        ({"mode": "full", "stride": 2**31}, [1.5, 22.5, 22.5, 22.5, 21.0]),
        ({"mode": "same", "stride": 2**25 + 1, "boundary": "wrap"}, [22.5] * 256),
    ],
)
def test_strides_through_more_samples_than_memory_holds(method, options, want):
    """2³³ samples that are one number in memory: only windows are read, and nothing is filled."""
    x = np.broadcast_to(np.float64(1.5), (2**33,))
    np.testing.assert_allclose(sigconv.convolve(x, np.arange(1.0, 6.0), method=method, **options), want, rtol=1e-12)


@pytest.mark.parametrize("method", METHODS)
def test_samples_that_lie_in_one_place(method):
    """Stride 0 along a convolved and along a batch axis."""
    h = draw((5, 6), seed=1)
    x = np.broadcast_to(draw(70), (60, 70))
    np.testing.assert_array_equal(sigconv.convolve(x, h, method=method), sigconv.convolve(x.copy(), h, method=method))
    x = np.broadcast_to(draw(5000)[:, None], (5000, 3))
    got = sigconv.convolve(x, draw(40, seed=1), method=method, axes=0)
    np.testing.assert_array_equal(got, sigconv.convolve(x.copy(), draw(40, seed=1), method=method, axes=0))


def test_ghosts_of_a_view_do_not_copy_it():
    """A column of a long array: the few samples that ghosts repeat are all that is read for them."""
    x = np.broadcast_to(np.float64(1), (2**40, 3))
    tile = extend(x, [Span(0, -3, 4, "reflect")])
    assert tile.shape == (7, 3)


HUGE = [
    lambda: sigconv.plan(2**62, 2**62),
    lambda: sigconv.plan(2**63 - 1, 5),
    lambda: sigconv.plan(2**70, 2**70, mode="same"),
    lambda: sigconv.plan((2**40, 2**40), (5, 5)),
    lambda: sigconv.plan(5, 5, dilation=2**62, mode="same"),
    lambda: sigconv.plan(5, 5, stride=2**62),
    lambda: sigconv.plan(2**59, 5, mode="same", method="fft"),
    lambda: sigconv.lags(2**62, 2**62),
    lambda: sigconv.convolve(np.broadcast_to(np.int8(1), 2**62), np.broadcast_to(np.int8(1), 2**62)),
    lambda: sigconv.convolve([1.0], [1.0, 2.0], "same", boundary="wrap", dilation=2**70),
    lambda: sigconv.convolve([1.0, 2.0], [1.0, 2.0], dilation=2**55),
    lambda: nn.conv1d(np.ones((1, 1, 4)), np.ones((1, 1, 3)), padding=2**62),
    lambda: nn.conv_transpose1d(np.ones((1, 1, 4)), np.ones((1, 1, 3)), stride=2**62),
]
LARGE = [
    lambda: sigconv.convolve(np.broadcast_to(1.0, 2**58), [1.0, 2.0]),
    lambda: sigconv.convolve(np.broadcast_to(1.0, 2**50), [1.0, 2.0], "same", "overlap-add", boundary="wrap"),
    lambda: sigconv.Filter(np.broadcast_to(1.0, 2**50)),
    lambda: nn.conv1d(np.ones((1, 1, 4)), np.ones((1, 1, 3)), padding=2**50),
    lambda: scipy_signal.convolve(np.broadcast_to(1.0, 2**59), [1.0, 2.0], "same"),
    lambda: scipy_signal.correlate(np.broadcast_to(1, 2**50), [1, 2]),
    lambda: matlab.imfilter(np.broadcast_to(np.uint8(1), (2**25, 2**25)), np.ones((3, 3))),
]


@pytest.mark.parametrize("number", range(len(HUGE)))
def test_sizes_that_no_array_has(number):
    with pytest.raises(ArgumentValueError, match=r"at most|no array is so large|can address"):
        HUGE[number]()


@pytest.mark.parametrize("number", range(len(LARGE)))
def test_sizes_that_no_memory_holds(number):
    """Petabytes: the first thing that is done is to ask for them."""
    with pytest.raises(MemoryError):
        LARGE[number]()


def test_a_transform_that_no_memory_holds():
    """A drop-in that warns of samples that are not finite looks for them afterwards."""
    with pytest.raises(ArgumentValueError, match="it needs"):
        scipy_signal.convolve(np.broadcast_to(1.0, 2**52), [1.0, 2.0], "same", "fft")


def test_taps_that_no_output_reads_need_no_memory():
    """A kernel of petabytes on two samples: each output reads two of its taps."""
    assert sigconv.convolve([1.0, 2.0], np.broadcast_to(1.0, 2**50), "same").tolist() == [3.0, 3.0]


# --- threads ---------------------------------------------------------------------------------------------------------


def mixed_work():
    """Return calls of many shapes, dtypes and methods, each a function without arguments."""
    filters = [sigconv.Filter(draw(k, seed=k), boundary="reflect", workers=2) for k in (3, 50, 400)]
    work = [lambda f=f, n=n: f(draw(n)) for f in filters for n in (100, 3000, 20_000)]
    layer = nn.Conv(draw((4, 3, 3, 3)), padding=1)
    work += [lambda n=n: layer(draw((1, 3, n, n))) for n in (8, 17)]
    for method in METHODS:
        for seed, (shape, taps, dtype) in enumerate(
            [((500,), (9,), "f8"), ((9000,), (100,), "f4"), ((60, 70), (5, 6), "c16"), ((4000,), (30,), "i8")]
        ):
            for n in (0, 1, 2):
                grown = tuple(size + n for size in shape)
                work.append(
                    lambda s=seed, g=grown, t=taps, d=dtype, m=method: sigconv.convolve(
                        draw(g, d, s), draw(t, d, s + 1), "same", m, boundary="edge", workers=1 + s % 2
                    )
                )
    return work


def test_workers_may_share_the_steps_of_steps():
    """A thread that waits for the last steps of its own step does not wait for threads that wait themselves."""
    done, run = [], runner_of(2)
    outer = threading.Thread(target=lambda: run(lambda _: run(done.append, 20), 20), daemon=True)
    outer.start()
    outer.join(30)
    assert not outer.is_alive()
    assert sorted(done) == sorted([*range(20)] * 20)


def test_workers_keep_apart():
    """Each takes what follows its last item, as long as all are as fast: no two work side by side in a result."""
    assert list(_apart([*range(7)], 3)) == [0, 3, 6, 1, 4, 2, 5]
    assert list(_apart(["a", "b"], 2)) == ["a", "b"]


def test_64_threads_give_the_bits_of_one():
    work = mixed_work()
    alone = [job() for job in work]
    begin = threading.Barrier(64)

    def run(number):
        begin.wait()
        order = np.random.default_rng(number).permutation(len(work))[:12]
        return [(i, work[i]()) for i in order]

    with ThreadPoolExecutor(64) as pool:
        for results in pool.map(run, range(64)):
            for i, result in results:
                np.testing.assert_array_equal(result, alone[i], strict=True)
    check_pool()


def check_pool():
    """Check what is counted of the idle transforms, and their limits."""
    pool = transforms._pool
    sizes = [transform.bytes for _, transform in pool._idle]
    assert len(sizes) <= transforms._MOST_IDLE
    assert sum(sizes) <= transforms._MOST_BYTES
    # An interrupt between a change of the list and that of the sum may leave a difference until something is dropped.
    return sum(sizes) - pool._bytes


def test_idle_transforms_are_bounded_in_number_and_memory():
    pool, engine = transforms._pool, transforms.engine_names(np.dtype(float))[-1]
    for n in range(100, 400):
        with transforms.lease(engine, "forward", (n,), (0,), np.dtype(float)):
            pass
    assert check_pool() == 0
    assert len(pool._idle) == transforms._MOST_IDLE
    for n in (1 << 18, 1 << 19, 1 << 20, 1 << 21, (1 << 20) + 1, (1 << 21) + 2):
        with transforms.lease(engine, "forward", (n,), (0,), np.dtype(float)) as transform:
            transform.input[...] = 0
            assert transform.bytes >= transform.input.nbytes
        assert check_pool() == 0
    shape = ((transforms._MOST_BYTES >> 3) + 1,)
    before = list(pool._idle)
    with transforms.lease("numpy", "forward", shape, (0,), np.dtype(float)):
        pass
    assert pool._idle == before  # what is larger than all that may be kept puts nothing else out


def test_a_thread_that_outlives_the_main_one():
    """A script ends and its threads go on: no more threads can be started then, and one is enough."""
    script = (
        "import threading, time, numpy as np, sigconv\n"
        "def late():\n"
        "    threading.main_thread().join()\n"
        "    time.sleep(0.1)\n"
        "    print(sigconv.convolve(np.ones(400_000), np.ones(300), 'valid', 'overlap-add', workers=3).sum())\n"
        "threading.Thread(target=late).start()\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stderr) == (0, "")
    assert float(done.stdout) == pytest.approx(300 * (400_000 - 299))


# --- failures on the way ---------------------------------------------------------------------------------------------


def calls():
    """Return calls of each method that allocate, plan and keep things, and their results."""
    x, h, image, k = draw(9000), draw(200, seed=1), draw((40, 50)), draw((6, 7), seed=2)
    numbers, taps = draw(9000, "i4"), draw(30, "i4", seed=3)
    f = sigconv.Filter(h, boundary="wrap")
    work = [lambda m=m: sigconv.convolve(x, h, "same", m, boundary="reflect") for m in METHODS]
    work += [lambda m=m: sigconv.convolve(image, k, "same", m, workers=2) for m in METHODS]
    work += [lambda m=m: sigconv.convolve(numbers, taps, method=m) for m in METHODS]
    return [*work, lambda: f(x)]


ALLOCATORS = ["empty", "zeros", "full", "empty_like", "zeros_like", "concatenate", "stack", "arange", "broadcast_to"]


@pytest.mark.parametrize("number", range(10))
def test_every_allocation_may_fail(monkeypatch, number):
    """The n-th allocation of a call raises MemoryError, for every n; the call after it gives the same bits as ever."""
    work = calls()[number]
    want = work()
    left = 0

    def failing(allocate):
        def wrapped(*args, **kwargs):
            nonlocal left
            left -= 1
            if left == 0:
                raise MemoryError("injected")
            return allocate(*args, **kwargs)

        return wrapped

    for n in range(1, 200):
        left = n
        with monkeypatch.context() as patch:
            for name in ALLOCATORS:
                patch.setattr(np, name, failing(getattr(np, name)))
            with suppress(MemoryError):
                work()
            reached = left <= 0
        np.testing.assert_array_equal(work(), want, strict=True)
        if not reached:
            break
    assert not reached
    assert n > 1
    assert check_pool() == 0


def is_with(frame):
    """Return whether a line is a `with`, which is traced once more before it ends: no interrupt comes there."""
    return linecache.getline(frame.f_code.co_filename, frame.f_lineno).lstrip().startswith("with ")


@pytest.mark.parametrize("number", range(10))
def test_an_interrupt_may_come_at_any_line(number):
    """KeyboardInterrupt at lines all over a call; the call after it gives the same bits, and nothing is locked."""
    work = calls()[number]
    want = work()
    lines = 0

    def count(frame, event, argument):
        nonlocal lines
        if "sigconv" not in frame.f_code.co_filename or "tests" in frame.f_code.co_filename:
            return None
        if event == "line" and not is_with(frame):
            lines += 1
            if lines == stop:
                raise KeyboardInterrupt
        return count

    def traced():
        nonlocal lines
        lines = 0
        old = sys.gettrace()
        sys.settrace(count)
        try:
            work()
        finally:
            sys.settrace(old)

    stop = -1
    traced()
    total = lines
    assert total > 30
    for place in range(1 + number % 3, total, 1 + total // 60):
        stop = place
        try:
            traced()
        except KeyboardInterrupt:
            pass
        else:
            assert lines < stop  # what was loaded or kept meanwhile made the call shorter
        np.testing.assert_array_equal(work(), want, strict=True)
    check_pool()


@pytest.mark.skipif(os.name != "posix", reason="timers of POSIX")
def test_an_interrupt_during_long_work():
    """Interrupts while two threads compute; then the same process computes on."""
    script = (
        "import signal, sys, numpy as np, sigconv\n"
        "signal.signal(signal.SIGALRM, signal.default_int_handler)\n"
        "x, h = np.ones(1_000_000), np.ones(3000)\n"
        "for method in ('direct', 'fft', 'overlap-add'):\n"
        "    want = sigconv.convolve(x[:50_000], h, method=method, workers=2)\n"
        "    for after in (0.05, 0.1, 0.2):\n"
        "        signal.setitimer(signal.ITIMER_REAL, after)\n"
        "        try:\n"
        "            while True:\n"
        "                sigconv.convolve(np.tile(x, 4), h, method=method, workers=2)\n"
        "        except KeyboardInterrupt:\n"
        "            assert (sigconv.convolve(x[:50_000], h, method=method, workers=2) == want).all()\n"
        "print('computes on')\n"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=120)
    assert (done.returncode, done.stdout, done.stderr) == (0, "computes on\n", "")


INTERRUPTED_LOADING = """
import _thread, signal, sys, threading
import numpy as np
import sigconv

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell may have had it ignored

def calls():
    for method in ("direct", "overlap-add", "fft"):
        for dtype in ("f4", "f8", "c8", "c16"):
            for signal, kernel in ((60_000, 200), ((300, 300), (9, 9))):
                x, h = np.ones(signal, dtype), np.ones(kernel, dtype)
                yield lambda: sigconv.convolve(x, h, method=method, workers=2)

def interrupt(call):
    after, times = 0.001, 0
    while True:
        timer = threading.Timer(after, _thread.interrupt_main)
        try:
            timer.start()
            call()
            timer.cancel()
            timer.join()
            return times
        except KeyboardInterrupt:
            after, times = 1.2 * after, times + 1

met = 0
for call in calls():
    met += interrupt(call)
    other = threading.Thread(target=call, daemon=True)
    other.start()
    other.join(120)
    assert not other.is_alive(), "waits for ever"
print("computes on after interrupts" if met else "was never interrupted")
"""


def test_an_interrupt_while_loops_are_loaded():
    """Interrupts at many moments of first calls, from imports to compiling; then another thread computes the same."""
    command = [sys.executable, "-c", INTERRUPTED_LOADING]
    done = subprocess.run(command, capture_output=True, text=True, timeout=400)
    assert (done.returncode, done.stdout, done.stderr) == (0, "computes on after interrupts\n", "")


# --- copies ----------------------------------------------------------------------------------------------------------


def test_what_is_kept_can_be_sent_to_another_process():
    """Plans, filters, layers, adjoints, outer products and errors survive pickling, also after use."""
    x, h = draw(300), draw(20, seed=1)
    f, plan = sigconv.Filter(h, boundary="edge"), sigconv.plan(300, 20)
    layer = nn.Conv(draw((2, 3, 5)), padding=2)
    small = sigconv.plan(30, 4)
    want = f(x), plan(x, h), small(x[:30], h[:4]), f.adjoint(x), layer(draw((1, 3, 40)))
    f, plan, small, adjoint, layer = pickle.loads(pickle.dumps((f, plan, small, f.adjoint, layer)))
    got = f(x), plan(x, h), small(x[:30], h[:4]), adjoint(x), layer(draw((1, 3, 40)))
    for a, b in zip(got, want, strict=True):
        np.testing.assert_array_equal(a, b, strict=True)
    assert plan == sigconv.plan(300, 20)
    error = pickle.loads(pickle.dumps(ArgumentValueError("a reason")))
    assert isinstance(error, SigconvError)
    assert str(error) == "a reason"


def test_a_copy_has_the_hash_of_its_own_process():
    """Hashes of names differ from process to process: a plan from elsewhere is found among those made here."""
    script = "import pickle, sys, sigconv; p = sigconv.plan(300, 20); hash(p); sys.stdout.buffer.write(pickle.dumps(p))"
    plan = sigconv.plan(300, 20)
    for seed in ("1", "2"):
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        sent = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60, env=environment).stdout
        other = pickle.loads(sent)
        assert hash(other.problem) == hash(plan.problem)
        assert other.problem == plan.problem


# --- what fuzzing found ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", METHODS)
def test_no_convolved_axis_is_a_product(method):
    """Over no axis, every output is one product; also where operands are single numbers of any type."""
    for dtype in ("f8", "i8", "c8", "f2") if method != "direct" else ("f8", "i8", "c8", "f2", "O"):
        for shape, taps in [((3, 4), ()), ((3, 4), (4,)), ((3, 4), (3, 4)), ((), ()), ((3,), ())]:
            x = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)
            h = np.full(taps, 3).astype(dtype)
            for mode in ("full", "same", "valid"):
                got = sigconv.correlate(x, h, mode, method, axes=())
                assert got.dtype == x.dtype
                np.testing.assert_array_equal(got, x * h)


@pytest.mark.parametrize("method", METHODS)
def test_options_hold_where_no_axis_is_convolved(method):
    """Renormalised integers are floats, a fill value is that of its boundary, and what is wrong is refused."""
    x, h = np.arange(4), np.arange(1, 5)
    for boundary, dtype in (("renormalize", float), ("edge", int)):
        got = sigconv.convolve(x, h, "same", method, axes=(), boundary=boundary)
        np.testing.assert_array_equal(got, (x * h).astype(dtype), strict=True)
    np.testing.assert_array_equal(sigconv.convolve(x, h, axes=(), boundary="constant", fill_value=7), x * h)
    for wrong in ({"boundary": "bla"}, {"stride": 0}, {"dilation": -1}, {"center": 0.5}, {"fill_value": 7}):
        with pytest.raises(SigconvError, match=next(iter(wrong))):
            sigconv.convolve(x, h, "same", method, axes=(), **wrong)


@pytest.mark.parametrize("method", METHODS)
def test_booleans_meet_infinities(method):
    x, h = draw(500), draw(20, "?", seed=1)
    x[100], x[300] = np.inf, np.nan
    got, want = sigconv.convolve(x, h, method=method), np.convolve(x, h)
    np.testing.assert_array_equal(np.isnan(got), np.isnan(want))
    np.testing.assert_array_equal(np.isinf(got), np.isinf(want))


@pytest.mark.parametrize(
    "options",
    [{"axes": 1 << 70}, {"method": np.array([1, 2])}, {"fill_value": (1, (2, 3))}, {"method": ["fft"]}],
)
def test_odd_arguments_are_errors_in_words(options):
    with pytest.raises(SigconvError):
        sigconv.convolve(np.ones(9), np.ones(3), **options)
