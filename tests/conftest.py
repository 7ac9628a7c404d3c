"""Settings of the test run.

With SIGCONV_TEST_WITHOUT=numba,pyfftw in the environment, these modules cannot be imported, so that the tests show
that NumPy and scipy.fft serve where an engine is missing.
"""

import os
import sys
import tempfile

from hypothesis import settings

# No calibration of this machine decides what the tests choose.
os.environ["SIGCONV_CACHE_DIR"] = tempfile.mkdtemp(prefix="sigconv-tests-")

# None in sys.modules makes an import fail; it must stand there before the package is imported for the first time.
for _name in filter(None, os.environ.get("SIGCONV_TEST_WITHOUT", "").split(",")):
    sys.modules[_name.strip()] = None

# The same examples in every run, and no deadline: a shared machine may be slow at any moment.
settings.register_profile("sigconv", derandomize=True, deadline=None, max_examples=60, database=None)
settings.load_profile("sigconv")


def pytest_collection_modifyitems(config, items):
    """Leave out the long run unless `-m` asks for something."""
    if config.option.markexpr:
        return
    long_run = [item for item in items if item.get_closest_marker("full")]
    config.hook.pytest_deselected(items=long_run)
    items[:] = [item for item in items if not item.get_closest_marker("full")]
