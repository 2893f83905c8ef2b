"""Reading the settings from environment variables, all faults told at once.

What may live here: that. Only the caller reads the environment, and passes it in.
"""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable, Mapping
from typing import Any

from sqlalchemy.exc import ArgumentError

from cds_service.settings.model import Settings
from cds_service.settings.rules import problems_between
from cds_service.settings.variables import VARIABLES

_PREFIX = "CDS_"


class SettingsError(Exception):
    """The settings cannot be used. The text names every faulty variable and what was expected, never a value."""


def can_import(module: str) -> bool:
    """Is this library installed, with all that it needs itself?"""
    try:
        importlib.import_module(module)
    except ImportError:
        return False
    return True


def from_environment(
    environment: Mapping[str, str], *, dev: bool = False, is_installed: Callable[[str], bool] = can_import
) -> Settings:
    """Read the CDS_ variables of `environment`; an empty one counts as not set. `is_installed` answers for a module.

    Raises SettingsError, naming all faulty and unknown variables at once.
    """
    values: dict[str, Any] = {}
    problems = [_unknown(name) for name in sorted(environment) if name.startswith(_PREFIX) and not _is_known(name)]
    for name, (attribute, read, expected) in VARIABLES.items():
        text = environment.get(name, "").strip()
        if not text:
            continue
        try:
            values[attribute] = read(text)
        except (ValueError, KeyError, OSError, ArgumentError):
            problems.append(f"{name}: expected {expected}")
    problems += problems_between(values, dev, is_installed)
    if problems:
        raise SettingsError("the settings cannot be used:\n" + "\n".join(f"  {problem}" for problem in problems))
    return Settings(**values, dev=dev)


def _is_known(name: str) -> bool:
    """A setting, or a variable that belongs to the command line or to the tests of the project."""
    return name in VARIABLES or name == "CDS_IN_CONTAINER" or name.startswith(("CDS_TEST_", "CDS_REAL_", "CDS_HAPI_"))


def _unknown(name: str) -> str:
    near = difflib.get_close_matches(name, VARIABLES, n=1)
    return f"{name}: there is no such setting" + (f"; did you mean {near[0]}?" if near else "")
