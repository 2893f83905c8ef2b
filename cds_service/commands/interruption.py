"""Ctrl-C: the command ends with its exit status and without a trace, at whatever moment it comes.

What may live here: what is done on that signal. Nothing is imported that takes time: until this is in place, Python
itself answers the signal. Commands that serve replace it by what suits them.
"""

from __future__ import annotations

import os
import signal
import sys

from cds_service.commands.exit_status import INTERRUPTED

_PATIENCE_SECONDS = 5.0
"""So long may tidying up take: it could wait for an answer that never comes."""


def leave_at_once() -> None:
    """From here on there is nothing to tidy up: Ctrl-C ends the process on the spot."""
    _on_interruption(leave)


def tidy_up_first() -> None:
    """From here on Ctrl-C ends what runs as an error would: what was started is stopped, what was opened closed.

    That is waited for only so long, and a second Ctrl-C does not wait at all.
    """
    sys.unraisablehook = _dropped
    _on_interruption(_unwind)


def _on_interruption(answer: object) -> None:
    # Whoever starts us may want us to ignore it, as a shell does for what runs in the background.
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, answer)  # type: ignore[arg-type]


def leave(*_: object) -> None:
    """End the process now, whatever its threads do."""
    os._exit(INTERRUPTED)


def _unwind(*_: object) -> None:
    from threading import Timer

    signal.signal(signal.SIGINT, leave)
    end = Timer(_PATIENCE_SECONDS, leave)
    end.daemon = True
    end.start()
    # Not KeyboardInterrupt, for which click and Python have words of their own.
    raise SystemExit(INTERRUPTED)


def _dropped(unraisable: sys.UnraisableHookArgs) -> None:
    """An exception came where Python can only drop it (when an object goes, for instance): it is still the end."""
    if isinstance(unraisable.exc_value, SystemExit) and unraisable.exc_value.code == INTERRUPTED:
        leave()
    sys.__unraisablehook__(unraisable)
