"""A FHIR server that is gone, or answers no more, and comes back: what cannot be read is said, in time, and never held
to be no risk.

What may live here: a chart of HAPI behind a proxy that stops. What the way to a server costs that is away stands with
the tests of the client.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

import pytest

from cds_service.demo.loader import load
from cds_service.demo.patients import load_patients
from cds_service.ehr_client.ehr import Ehr, chart_context
from cds_service.ehr_client.exchange import Exchange
from tests.fuzz.service_process import running_service
from tests.real.conftest import leave_as_found
from tests.real.databases import away, frozen
from tests.real.proxy import Proxy
from tests.waiting import until

pytestmark = pytest.mark.real

PATIENT = "cds-demo-hard-skin-on-warfarin"
DEADLINE_SECONDS = 4.0
"""The server under test may be slow at first; what is over this by more than a second is not in time."""
CALLS = 4


@pytest.fixture(scope="module")
def ehr(hapi: str, proxy: Proxy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ehr]:
    """An EHR that lets the service read the chart at the proxy."""
    load(proxy.http, [patient for patient in load_patients(datetime.now(UTC)) if patient.patient_id == PATIENT])
    folder = tmp_path_factory.mktemp("gone")
    # One worker: each finds out for itself that a server is back.
    with running_service(folder, 1, CDS_FHIR_DEADLINE_SECONDS=str(DEADLINE_SECONDS)) as service:
        yield Ehr(f"http://127.0.0.1:{service.port}", proxy.http, send_prefetch=False)
    leave_as_found(hapi)


def opened(ehr: Ehr) -> Exchange:
    return ehr.invoke(ehr.service_for("patient-view"), chart_context(PATIENT))


def topics(answer: Exchange) -> list[str]:
    assert answer.status == 200, answer.body
    cards: list[dict[str, Any]] = answer.body["cards"]
    return [card["source"]["topic"]["code"] for card in cards]


@pytest.mark.parametrize("how", [away, frozen], ids=["gone", "silent"])
def test_a_chart_on_a_server_that_cannot_be_read_is_refused_in_words_and_in_time_and_read_when_it_is_back(
    how: Callable[[Proxy], AbstractContextManager[None]], ehr: Ehr, proxy: Proxy, hapi: str
) -> None:
    sound = topics(opened(ehr))
    assert "cua-suspected" in sound or "vka-cua" in sound, sound
    # Asked past the proxy, which cuts the pages: what goes on somewhere else would have to be fetched.
    whole = Ehr(ehr.cds, hapi)
    body = {
        "hook": "patient-view",
        "hookInstance": "00000000-0000-4000-8000-000000000001",
        "fhirServer": proxy.http,
        "context": chart_context(PATIENT),
        "prefetch": whole.prefetch(whole.service_for("patient-view"), chart_context(PATIENT)),
    }
    with how(proxy):
        for _ in range(CALLS):
            began = time.monotonic()
            answer = opened(ehr)
            assert time.monotonic() - began < DEADLINE_SECONDS + 1
            assert answer.status == 412, answer.body
            assert answer.body["resourceType"] == "OperationOutcome"
            assert PATIENT not in str(answer.body)
        assert topics(ehr.send(ehr.service_for("patient-view"), body)) == sound, "a chart that is sent along is read"
    until(lambda: opened(ehr).status == 200, 60)
    assert topics(opened(ehr)) == sound
