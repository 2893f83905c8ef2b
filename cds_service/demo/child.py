"""`python -m cds_service.demo.child PARENT …`: the command line, for a service that must not outlive the demonstration.

What may live here: how a process learns that the one that started it is gone, also when that was killed.
"""

from __future__ import annotations

import ctypes
import os
import runpy
import signal
import sys

_PR_SET_PDEATHSIG = 1
"""The number of this option in Linux's prctl.h."""


def end_with(parent: int) -> None:
    """Be told to end (SIGTERM) as soon as the process of this id is gone; where Linux is not, nothing tells us."""
    if sys.platform != "linux":
        return
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        # It was gone before it could be watched.
        os.kill(os.getpid(), signal.SIGTERM)


if __name__ == "__main__":
    end_with(int(sys.argv.pop(1)))
    runpy.run_module("cds_service.commands.entry", run_name="__main__", alter_sys=True)
