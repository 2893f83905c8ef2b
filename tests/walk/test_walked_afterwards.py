"""After the demonstration has gone: commands that serve until Ctrl-C, and a clinic's change that is taken over.

What may live here: what needs the ports of the demonstration, or changes the files that it reads.
"""

from __future__ import annotations

import uuid
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime
from typing import Any

import pytest
import requests

from tests.walk.newcomer import Newcomer, is_taken
from tests.walk.table import AFTER_FEEDBACK, AFTERWARDS, FHIR, LASTING, SERVICE, Typed

OPENED = f"{SERVICE}/cds-services/calciphylaxis-patient-view"


def test_nothing_is_left_of_the_demonstration(newcomer: Newcomer) -> None:
    assert not is_taken(SERVICE)
    assert not is_taken(FHIR)
    assert newcomer.types("git status --porcelain --untracked-files=no").output == ""


@pytest.mark.parametrize("typed", LASTING, ids=lambda typed: typed.command)
def test_what_lasts_serves_until_ctrl_c_and_leaves_nothing_behind(typed: Typed, newcomer: Newcomer) -> None:
    with beside(typed, newcomer), newcomer.starts(typed.text, typed.answers) as printed:
        pass
    assert "Traceback" not in printed.read_text(errors="replace")
    assert not is_taken(SERVICE)


@pytest.mark.parametrize("typed", AFTERWARDS, ids=lambda typed: typed.command)
def test_a_command_does_what_its_document_says(typed: Typed, newcomer: Newcomer) -> None:
    with beside(typed, newcomer):
        done = newcomer.types(typed.text)
    assert (done.status, typed.says in done.output) == (typed.status, True), done.output[-3000:]
    assert "Traceback" not in done.output


def beside(typed: Typed, newcomer: Newcomer) -> AbstractContextManager[object]:
    """The FHIR server that runs in another terminal, where the document says so."""
    return newcomer.starts(typed.beside, f"{FHIR}/metadata") if typed.beside else nullcontext()


def test_feedback_is_listed_where_the_service_of_step_1_was_started(newcomer: Newcomer) -> None:
    with (
        newcomer.starts("calciphylaxis-cds sandbox serve", f"{FHIR}/metadata"),
        newcomer.starts("calciphylaxis-cds serve --dev", f"{SERVICE}/cds-services"),
    ):
        card = opened_chart()["cards"][0]
        taken = [{"id": card["suggestions"][0]["uuid"]}]
        moment = datetime.now(UTC).isoformat()
        told = {"card": card["uuid"], "outcome": "accepted", "acceptedSuggestions": taken, "outcomeTimestamp": moment}
        answer = requests.post(f"{OPENED}/feedback", json={"feedback": [told]}, timeout=60)
        assert answer.status_code == 200, answer.text
        for typed in AFTER_FEEDBACK:
            done = newcomer.types(typed.text)
            assert (done.status, typed.says in done.output) == (typed.status, True), (
                typed.command,
                done.output[-2000:],
            )
        assert card["source"]["topic"]["code"] in newcomer.types(AFTER_FEEDBACK[0].text).output


def opened_chart() -> dict[str, Any]:
    """What the browser of the public sandbox gets for the patient of step 2."""
    call = {
        "hook": "patient-view",
        "hookInstance": str(uuid.uuid4()),
        "fhirServer": FHIR,
        "context": {"userId": "Practitioner/1", "patientId": "cds-demo-hard-skin-on-warfarin"},
    }
    answer = requests.post(OPENED, json=call, timeout=60)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found
