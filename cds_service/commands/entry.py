"""Where `calciphylaxis-cds` begins: Ctrl-C is answered from the first moment, then the command line is loaded.

What may live here: that order. Whatever is imported at the top delays the moment from which Ctrl-C leaves no trace.
"""

from __future__ import annotations

from cds_service.commands.exit_status import INTERRUPTED
from cds_service.commands.interruption import leave, leave_at_once, tidy_up_first


def main() -> None:
    """The entry point of the `calciphylaxis-cds` command."""
    leave_at_once()
    from cds_service.commands.cli import cli

    tidy_up_first()
    try:
        cli(prog_name="calciphylaxis-cds")
    except SystemExit as end:
        leave_at_once()
        if end.code == INTERRUPTED:
            # All is tidied up; threads that wait for an answer are not waited for.
            leave()
        raise


if __name__ == "__main__":
    main()
