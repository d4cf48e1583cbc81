"""What the public classes are called."""

from __future__ import annotations

import sys


def as_imported(module: str) -> None:
    """Calls the public classes of a module as users import them, in tracebacks and pickles."""
    package = module.partition(".")[0]
    for name in sys.modules[package].__all__:
        value = vars(sys.modules[module]).get(name)
        # Python 3.10 takes an alias such as `Messages` for an instance of `type`.
        if issubclass(type(value), type) and value.__module__ == module:
            value.__module__ = package
