"""Load a library that only some users have, when it is first needed."""

import importlib
from typing import Any

from ..errors import FileError


def load(module: str, extra: str, purpose: str) -> Any:
    """Import and return a module, or say how to install it.

    Parameters
    ----------
    module : str
        The module's name.
    extra : str
        The extra of sigconv that installs it.
    purpose : str
        What it is needed for, as the error says it: "audio files".

    Raises
    ------
    FileError
        When it is missing, or present without the shared library under it (then its import gives an OSError).
    """
    try:
        return importlib.import_module(module)
    except (ImportError, OSError) as error:
        name = module.partition(".")[0]
        raise FileError(f'{purpose} need {name} ({error}): pip install "sigconv[{extra}]"') from error
