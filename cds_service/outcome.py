"""Errors as FHIR OperationOutcomes: what is wrong and where, never data, tokens or traces.

What may live here: the few errors of the service and their JSON.
"""

from __future__ import annotations

from typing import Any

ISSUE_CODES = {
    400: "invalid",
    401: "login",
    404: "not-found",
    405: "not-supported",
    408: "timeout",
    409: "conflict",
    412: "incomplete",
    413: "too-long",
    415: "not-supported",
    429: "throttled",
    431: "too-long",
    500: "exception",
    501: "not-supported",
    503: "transient",
}


class ServiceError(Exception):
    """An answer other than 200. `field` is the path of the field at fault, in dots, or ""; `headers` go along.

    `logged` stands in the log in place of a message that tells what was found in a chart.
    """

    def __init__(self, status: int, message: str, field: str = "", logged: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.field = field
        self.logged = logged or message
        self.headers: dict[str, str] = {}


def operation_outcome(status: int, message: str, field: str = "", severity: str = "error") -> dict[str, Any]:
    """The OperationOutcome of an answer with this HTTP status."""
    issue: dict[str, Any] = {
        "severity": severity,
        "code": ISSUE_CODES.get(status, "processing"),
        "diagnostics": message,
    }
    if field:
        issue["expression"] = [field]
    return {"resourceType": "OperationOutcome", "issue": [issue]}
