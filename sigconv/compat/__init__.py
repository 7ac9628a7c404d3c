"""Drop-ins: other libraries' functions with their names, signatures and conventions, computed by sigconv.

Changing one import is enough: `from sigconv.compat import scipy_signal as signal`. The other library need not be
installed. Each module says which functions it has, whose behaviour they take, and where they differ on purpose.
"""
