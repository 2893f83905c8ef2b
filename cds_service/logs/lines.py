"""The two forms of the log: lines for people, or one JSON object a line for what collects logs.

What may live here: how a record becomes a line, and where lines go.
"""

from __future__ import annotations

import json
import logging
import threading
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

from cds_service.logs.request_id import current_request_id

FORMS = TEXT, JSON = ("text", "json")
"""The forms in which the log can be written, the first one usually."""

_FOR_PEOPLE = "%(asctime)s %(levelname)s %(name)s %(message)s"


class JsonLines(logging.Formatter):
    """One JSON object a line; what a record has in `members` stands in it as well.

    Of an exception only its kind and place are told: its words, and the lines of a trace, could hold what was sent.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line, in ASCII, without its end."""
        moment = datetime.fromtimestamp(record.created, UTC)
        line: dict[str, Any] = {
            "time": moment.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "pid": record.process,
        }
        if id := current_request_id():
            line["request_id"] = id
        if record.exc_info and (kind := record.exc_info[0]):
            line["exception"] = f"{kind.__name__} at {_place(record.exc_info[2])}"
        return json.dumps(line | getattr(record, "members", {}))


def set_up_log(level: str, form: str) -> None:
    """Let all lines of this process go to standard error, in this form; called once, before the first line."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines() if form == JSON else logging.Formatter(_FOR_PEOPLE))
    logging.basicConfig(level=level, handlers=[handler])
    if form == JSON:
        # They would go to standard error by themselves, in lines that nothing but people can read.
        logging.captureWarnings(True)
        threading.excepthook = _tell_of_thread


def _tell_of_thread(ended: threading.ExceptHookArgs) -> None:
    if ended.exc_value is not None:
        known = ended.exc_type, ended.exc_value, ended.exc_traceback
        logging.getLogger("cds_service").error("a thread has ended by a fault", exc_info=known)


def _place(trace: TracebackType | None) -> str:
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace else "unknown"
