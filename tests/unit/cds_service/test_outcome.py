"""Errors as OperationOutcomes."""

from __future__ import annotations

import pytest
from fhir.resources.R4B.operationoutcome import OperationOutcome

from cds_service.outcome import ISSUE_CODES, ServiceError, operation_outcome


@pytest.mark.parametrize("status", [*ISSUE_CODES, 308, 418, 599])
def test_every_status_gives_a_valid_outcome(status: int) -> None:
    made = operation_outcome(status, "words", "context.patientId")
    OperationOutcome.model_validate(made)
    assert made["issue"][0]["code"] == ISSUE_CODES.get(status, "processing")
    assert made["issue"][0]["diagnostics"] == "words"
    assert made["issue"][0]["expression"] == ["context.patientId"]


def test_without_a_field_there_is_no_expression() -> None:
    assert operation_outcome(404, "words")["issue"] == [
        {"severity": "error", "code": "not-found", "diagnostics": "words"}
    ]


def test_the_severity_may_be_less() -> None:
    assert operation_outcome(404, "words", severity="warning")["issue"][0]["severity"] == "warning"


def test_an_error_knows_its_status_message_and_field() -> None:
    error = ServiceError(412, "words", "conditions")
    assert (error.status, error.message, error.field, str(error)) == (412, "words", "conditions", "words")
