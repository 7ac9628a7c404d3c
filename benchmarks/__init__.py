"""How fast sigconv is beside other libraries, and beside itself: `python -m benchmarks --help`."""
