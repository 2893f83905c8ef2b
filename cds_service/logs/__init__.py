"""The lines of the log: their form, and the id by which those of one call are found together.

What may live here: how a line is written, what a request id is, the header that carries it. What is worth a line is
decided by the room that knows it; nothing here reads a request's body, path, query or address.
"""

from cds_service.logs.lines import FORMS, JSON, JsonLines, set_up_log
from cds_service.logs.request_id import (
    HEADER,
    current_request_id,
    new_request_id,
    request_id_of,
    trace_of,
    under_request_id,
)

__all__ = [
    "FORMS",
    "HEADER",
    "JSON",
    "JsonLines",
    "current_request_id",
    "new_request_id",
    "request_id_of",
    "set_up_log",
    "trace_of",
    "under_request_id",
]
