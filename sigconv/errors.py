"""The exceptions of sigconv: each is also the built-in exception that a caller would expect."""


class SigconvError(Exception):
    """The base of every exception that sigconv raises on purpose."""


class ArgumentValueError(SigconvError, ValueError):
    """An argument of the right type has a value that can't be served; raised before any work."""


class ArgumentTypeError(SigconvError, TypeError):
    """An argument has a type or dtype that can't be served; raised before any work."""


class ResultOverflowError(SigconvError, OverflowError):
    """An exact integer result does not fit in the result's dtype (`int64` or `uint64`)."""


class FileError(SigconvError, ValueError):
    """A file can't be read or written as what its name says."""
