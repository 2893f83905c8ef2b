"""How a command ends: one table of exit statuses for all of them. `docs/command-line.md` tells the same to people.

What may live here: the numbers and their meaning. Nothing is imported, for whoever ends early must know them, too.
"""

from __future__ import annotations

DONE = 0
FAILED = 1
WRONG_USE = 2
"""Click's own."""
CARDS_FOUND = 3
NOT_READ = 4
INTERRUPTED = 130
"""As a shell tells of a program that was ended by Ctrl-C."""

MEANINGS = {
    DONE: "done",
    FAILED: "failed, or a check found a fault",
    WRONG_USE: "wrong use: there is no such command, option or value",
    CARDS_FOUND: "done, and there are cards; only where --exit-status asks for it",
    NOT_READ: "something could not be read, or the service refuses to judge: no all-clear",
    INTERRUPTED: "ended by Ctrl-C, or `kill`, before it was done",
}
