"""Processes: forked, spawned and served ones after use, forks amid other threads' work, a cache that two share."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import sigconv
from sigconv.engines.forks import Locked, planning
from sigconv.engines.transforms import installed

FORKS = pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork on this system")
METHODS = ["direct", "fft", "overlap-add"]


def some_work(method):
    """Return results of one and two axes, computed by two threads; what processes are asked for."""
    x, h = np.sin(np.arange(50_000.0)), np.cos(np.arange(300.0))
    one = sigconv.convolve(x, h, method=method, workers=2)
    two = sigconv.convolve(x.reshape(200, 250), h.reshape(15, 20), method=method, workers=2)
    return one.sum(), np.abs(one).max(), two.sum()


@pytest.mark.parametrize("start", ["fork", "spawn", "forkserver"])
def test_other_processes_give_the_same(start):
    """A pool of two, made after this process has used every method (in one that has no other threads to fork amid)."""
    script = (
        "import multiprocessing, sys, test_processes\n"
        "if __name__ == '__main__':\n"
        f"    if {start!r} not in multiprocessing.get_all_start_methods():\n"
        "        sys.exit(77)\n"
        "    want = [test_processes.some_work(method) for method in test_processes.METHODS]\n"
        f"    with multiprocessing.get_context({start!r}).Pool(2) as pool:\n"
        "        got = pool.map(test_processes.some_work, test_processes.METHODS * 2)\n"
        "    assert got == want * 2, (got, want)\n"
    )
    done = in_folder_of_tests(script)
    if done.returncode == 77:
        pytest.skip(f"this system has no {start}")
    assert (done.returncode, done.stderr) == (0, "")


def in_folder_of_tests(script, **environment):
    """Run a script that can import the tests; a file, since spawned processes import the main module again."""
    folder = Path(__file__).parent
    path = os.pathsep.join([str(folder.parent), str(folder)])
    environment = {**os.environ, "PYTHONPATH": path, "PYTHONWARNINGS": "ignore", **environment}
    return subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=180, env=environment, cwd=folder.parent
    )


FORK_AMID = """
import os, sys, threading, time
import numpy as np, test_processes
from test_processes import sigconv, some_work

def load():
    for method in test_processes.METHODS:
        some_work(method)

def compile():
    import numba
    for n in range(10**6):
        numba.njit(lambda x: x + n)(1.0)

def plan():
    x = np.ones(4000)
    for n in range(10**6):
        sigconv.convolve(x[: 100 + n % 3000], x[:100], method="fft", workers=1)

def compute():
    while True:
        sigconv.convolve(np.ones(400_000), np.ones(400), method="overlap-add", workers=2)

def child(amid):
    if amid == "compile":  # what the parent has not loaded
        sigconv.convolve(np.ones(9000, "F"), np.ones(99, "F"), method="direct")
    load()

amid = sys.argv[1]
if amid != "load":
    load()
threading.Thread(target=globals()[amid], daemon=True).start()
for number in range(4):
    time.sleep(0.1)
    process = os.fork()
    if not process:
        child(amid)
        os._exit(42)
    end = time.monotonic() + 60
    while (found := os.waitpid(process, os.WNOHANG)) == (0, 0):
        if time.monotonic() > end:
            os.kill(process, 9)
        time.sleep(0.01)
    assert os.waitstatus_to_exitcode(found[1]) == 42, found
os._exit(0)
"""


@FORKS
@pytest.mark.parametrize("amid", ["load", "compile", "plan", "compute"])
def test_a_fork_amid_the_work_of_another_thread(amid):
    """What the other thread has half done, or has locked, does not keep the child from computing."""
    if not installed("numba") or not installed("pyfftw"):
        pytest.skip("numba and pyfftw, which are loaded, compiled and planned with, are not installed")
    done = in_folder_of_tests(FORK_AMID.replace("sys.argv[1]", repr(amid)))
    assert (done.returncode, done.stderr) == (0, "")


@FORKS
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_locks_are_free_in_a_forked_process():
    """A thread holds a lock for moments and the planner's for longer: the fork waits for the one, not for the other."""
    owner, planned, begun, released = Locked(), threading.Event(), threading.Event(), []

    def hold():
        with owner.lock:
            with planning:
                begun.set()
                planned.wait(0.3)
                released.append(True)
            planned.wait()

    thread = threading.Thread(target=hold)
    sigconv.engines.forks.load("plain_fft")  # from the first engine on, forks wait
    thread.start()
    begun.wait()
    process = os.fork()
    if not process:
        free = owner.lock.acquire(timeout=5) and planning.acquire(timeout=5)
        os._exit(42 if free and released else 1)
    planned.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(process, 0)[1]) == 42
    with owner.lock, planning:
        pass


def test_two_processes_share_an_empty_cache_of_compiled_code(tmp_path):
    """Both compile the same loops at once, and a third one finds them."""
    if not installed("numba"):
        pytest.skip("numba, which compiles, is not installed")
    script = (
        "import numpy as np, sigconv\n"
        "x, h = np.sin(np.arange(50_000.0)), np.cos(np.arange(300.0))\n"
        "print(sigconv.convolve(x, h, method='direct').sum())\n"
    )
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)}
    start = [sys.executable, "-c", script]
    both = [
        subprocess.Popen(start, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
        for _ in range(2)
    ]
    told = [process.communicate(timeout=180) for process in both]
    compiled = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nb*")}
    third = subprocess.run(start, capture_output=True, text=True, env=environment, timeout=180)
    assert [error for _, error in told] == ["", ""]
    sums = [float(text.split()[0]) for text, _ in told]
    assert third.stderr == ""
    assert [*sums, float(third.stdout.split()[0])] == [sums[0]] * 3
    assert compiled == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*.nb*")} != {}
