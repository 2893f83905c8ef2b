"""A test that needs a program which is not on this machine.

What may live here: whether it is passed over, or fails.
"""

from __future__ import annotations

import os
from typing import NoReturn

import pytest


def do_without(reason: str) -> NoReturn:
    """Skip, or fail where every server has to be there."""
    if os.environ.get("CDS_REAL_REQUIRED") == "1":
        pytest.fail(reason)
    pytest.skip(reason)
