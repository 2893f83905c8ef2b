"""`python keeper.py PARENT TEXT`: a shell that types TEXT, and of which nothing outlives PARENT.

What may live here: ending all that a command has started, also when the tests were killed and could end nothing. It is
run as a file, with nothing but the standard library, in the folder and the environment of the newcomer.
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time

GRACE_SECONDS = 10
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
"""The numbers of these options in Linux's prctl.h."""


def keep(parent: int, text: str) -> int:
    """Type it; the exit status as a shell tells it. What is left of the command afterwards is killed, and we with it.

    This process leads a group that is the command's own: `newcomer` sees to that.
    """
    # A handler does not pass to what is started; that a signal is ignored does, as it is wherever the tests run in the
    # background: so Ctrl-C ends the command there as well.
    signal.signal(signal.SIGINT, lambda *_: None)
    signal.signal(signal.SIGTERM, lambda *_: _kill_all())
    _watch(parent)
    status = subprocess.Popen(["bash", "-ec", text]).wait()
    if _left_behind():
        print("the command has ended, and something that it started has not", flush=True)
        _kill_all()
    return status if status >= 0 else 128 - status


def _kill_all() -> None:
    os.killpg(0, signal.SIGKILL)


def _watch(parent: int) -> None:
    """SIGTERM as soon as the parent is gone; and orphans become ours. Where Linux is not, nothing tells us."""
    if sys.platform != "linux":
        return
    prctl = ctypes.CDLL(None).prctl
    prctl(_PR_SET_CHILD_SUBREAPER, 1)
    prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        # It was gone before it could be watched.
        os.kill(os.getpid(), signal.SIGTERM)


def _left_behind() -> bool:
    """Is there an orphan of the command that does not end by itself?"""
    end = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < end:
        try:
            if os.waitpid(-1, os.WNOHANG)[0] == 0:
                time.sleep(0.05)
        except ChildProcessError:
            return False
    return True


if __name__ == "__main__":
    sys.exit(keep(int(sys.argv[1]), sys.argv[2]))
