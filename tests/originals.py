"""The other libraries' own tests, run with sigconv's drop-ins in the place of the functions that they test.

`python originals.py LIBRARY CASES [wrong]` runs in a process of its own, so that nothing of our own test run changes
theirs. First the tests run as they are, and it is noted which functions each one calls. Then, for one function after
the other, the tests that called it run again with ours in its place; a test counts if it really called ours. Of every
test, up to CASES cases run, evenly spread over its parameters, without those that the library marks as slow; 0 is all.
With "wrong", ours are replaced by functions
that return something else, to see that the tests notice.

The last line printed is JSON: for each function, the tests that passed and those that failed, with their cases.
"""

import importlib
import json
import sys
from collections import Counter, defaultdict
from contextlib import ExitStack, contextmanager
from functools import wraps

import pytest

from sigconv.planning.loading import PROCESS

# Of each library, the module of its tests, and ours, whose `__all__` names the functions.
LIBRARIES = {
    "scipy.signal": ("scipy.signal.tests.test_signaltools", "sigconv.compat.scipy_signal"),
    "scipy.ndimage": ("scipy.ndimage.tests.test_filters", "sigconv.compat.scipy_ndimage"),
    "astropy.convolution": ("astropy.convolution.tests", "sigconv.compat.astropy"),
}


class Original:
    """A function of another library, and ours that stands in for it."""

    def __init__(self, library, ours, name):
        self.name, self.library = name, importlib.import_module(library)
        self.function, self.ours = getattr(self.library, name), getattr(importlib.import_module(ours), name)
        self.called = False

    @contextmanager
    def replaced(self, function, item):
        """Put a function in the original's place, in its library, the test's module and the test's parameters."""

        @wraps(self.function)
        def stand_in(*args, **kwargs):
            self.called = True
            return function(*args, **kwargs)

        self.called = False
        places = [vars(self.library), vars(item.module)]
        if hasattr(item, "callspec"):
            places.append(item.callspec.params)
        before = [dict(place) for place in places]
        for place in places:
            place.update({key: self._substituted(value, stand_in) for key, value in place.items()})
        try:
            yield
        finally:
            for place, values in zip(places, before, strict=True):
                place.update(values)

    def _substituted(self, value, stand_in):
        if value is self.function:
            return stand_in
        if type(value) in (tuple, list):
            return type(value)(self._substituted(v, stand_in) for v in value)
        return value


class Runner:
    """A pytest plugin that runs the collected tests as this module says."""

    def __init__(self, originals, cases, wrong):
        self.originals, self.cases, self.wrong = originals, cases, wrong
        self.outcomes = []
        self.passed = {original.name: Counter() for original in originals}
        self.failed = {original.name: Counter() for original in originals}

    def pytest_collection_modifyitems(self, items):
        """Keep some cases of every test."""
        tests = defaultdict(list)
        for item in items:
            if not (self.cases and item.get_closest_marker("slow")):
                tests[test_of(item)].append(item)
        items[:] = [item for of_one in tests.values() for item in evenly(of_one, self.cases)]

    def pytest_runtestloop(self, session):
        """Run the tests as they are, then those that call a function with ours."""
        for item in session.items:
            with ExitStack() as stack:
                for original in self.originals:
                    stack.enter_context(original.replaced(original.function, item))
                passed = self._passes(item)
            for original in [o for o in self.originals if o.called and passed]:
                self._with_ours(original, item)
        return True

    def pytest_runtest_logreport(self, report):
        """Note the outcome of setup, call and teardown."""
        self.outcomes.append(report.outcome)

    def _passes(self, item):
        """Return whether a test passes; one that is skipped or expected to fail does not."""
        self.outcomes = []
        item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
        return self.outcomes == ["passed"] * 3

    def _with_ours(self, original, item):
        with original.replaced(altered(original.ours) if self.wrong else original.ours, item):
            passed = self._passes(item)
        if original.called:
            results = self.passed if passed else self.failed
            results[original.name][test_of(item)] += 1


def altered(function):
    """Return a function that is wrong."""

    def wrong(*args, **kwargs):
        result = function(*args, **kwargs)
        return result + 1 if not isinstance(result, (str, tuple)) else "wrong"

    return wrong


def evenly(cases, count):
    """Return up to `count` of the cases, evenly spread; all of them for 0."""
    if not 0 < count < len(cases):
        return cases
    return [cases[(2 * i + 1) * len(cases) // (2 * count)] for i in range(count)]


def test_of(item):
    """Return the name of a test without its parameters: file::class::function."""
    return f"{item.path.name}::{item.originalname if item.cls is None else f'{item.cls.__name__}::{item.originalname}'}"


def _settle():
    """Take all engines for loaded: tests compare runs bit by bit, and a call may take a faster engine once it is."""
    compiled = ("loops", "packing", "columns", "banks", "blocks", "panel_columns", "panel_rows")
    PROCESS.note(frozenset({"numba", "fftw", "scipy", *(f"{name} {char}" for name in compiled for char in "fdFD")}))


def main(library, cases, wrong=""):
    """Run a library's tests and print what passed and what failed."""
    tests, ours = LIBRARIES[library]
    originals = [Original(library, ours, name) for name in importlib.import_module(ours).__all__]
    _settle()
    runner = Runner(originals, int(cases), wrong)
    options = ["-p", "no:cacheprovider", "-q", "--tb=no" if wrong else "--tb=short", "--pyargs", tests]
    pytest.main(options, plugins=[runner])
    print()
    print(json.dumps({"passed": runner.passed, "failed": runner.failed}))


if __name__ == "__main__":
    main(*sys.argv[1:])
