"""Where arrays stand in memory, for compiled code."""

from __future__ import annotations

import ctypes

from . import watch
from .protocol import Array


class _Interface(ctypes.Structure):
    """The struct of NumPy's array interface, as far as it says where the elements stand."""

    _fields_ = (
        *((name, ctypes.c_int) for name in ("two", "axes")),
        ("kind", ctypes.c_char),
        *((name, ctypes.c_int) for name in ("itemsize", "flags")),
        *((name, ctypes.c_void_p) for name in ("shape", "strides", "data")),
    )


_DATA = _Interface.data.offset
_struct_of = ctypes.pythonapi.PyCapsule_GetPointer
_struct_of.restype, _struct_of.argtypes = ctypes.c_void_p, (ctypes.py_object, ctypes.c_char_p)
_pointer_at = ctypes.c_void_p.from_address


def address_of(array: Array) -> int:
    """Return where an array's first element stands.

    The struct takes a third of the time of the interface's dict: a call of a millisecond asks for a dozen addresses.
    """
    if watch.WATCHING:
        watch.know(array)
    capsule = array.__array_struct__  # which holds the struct
    return _pointer_at(_struct_of(capsule, None) + _DATA).value or 0
