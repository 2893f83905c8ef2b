"""A FHIR server behind a reverse proxy that it does not know of brings the same cards as the server itself.

What may live here: the same calls with the server's own address and with the proxy's, and what the proxy saw of them.
The server cuts every search into small pages and names the next one by its inner scheme, host, port and path. That
address can be asked as well and gives the right answer: only the proxy's records tell a reader who goes there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest
import requests

from cds_service.demo.loader import load
from cds_service.demo.patients import SyntheticPatient, load_patients
from cds_service.ehr_client.ehr import Ehr
from tests.fuzz.service_process import running_service
from tests.real.conftest import leave_as_found
from tests.real.proxy import PAGE_SIZE, Asked, Proxy

pytestmark = pytest.mark.real

Json = dict[str, Any]
Call = tuple[str, str, str]
"""Patient key, hook, order title or ""."""

SEEN = load_patients(datetime.now(UTC))
CHARTS = [pytest.param((patient.key, "patient-view", ""), id=patient.key) for patient in SEEN]
ORDERS = [
    pytest.param((patient.key, hook, patient.orders[0].title), id=f"{patient.key}, {hook}")
    for patient, hook in zip(SEEN, ("order-select", "order-sign") * len(SEEN), strict=False)
]
TOKEN = "a-token-for-the-proxy-only"
ELSEWHERE = "somebody who follows the links as they are"
SENT_ALONG = "over http, first pages sent along"
WAYS = ("over https, read by the service", SENT_ALONG)
# A server that has just started is slow at its first searches; the cards are tested here, not the deadline.
DEADLINE_SECONDS = "20"


@dataclass(frozen=True)
class Called:
    """The cards of one call, and what was asked at the proxy meanwhile."""

    cards: list[Json]
    asked: list[Asked]


@pytest.fixture(scope="module")
def patients(hapi: str, proxy: Proxy) -> Iterator[dict[str, SyntheticPatient]]:
    """The synthetic patients by key, put on the server through the proxy."""
    everyone = load_patients(datetime.now(UTC))
    load(proxy.http, everyone, token=TOKEN)
    yield {patient.key: patient for patient in everyone}
    leave_as_found(hapi)


@pytest.fixture(scope="module")
def cds(proxy: Proxy, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The base URL of a service that trusts the certificate of the proxy."""
    settings = {
        "CDS_FHIR_DEADLINE_SECONDS": DEADLINE_SECONDS,
        "CDS_FHIR_TRUST_ENVIRONMENT": "true",
        "REQUESTS_CA_BUNDLE": str(proxy.folder / "certificate.pem"),
        "NO_PROXY": "*",
        "no_proxy": "*",
    }
    with running_service(tmp_path_factory.mktemp("behind-a-proxy"), 1, **settings) as service:
        yield f"http://127.0.0.1:{service.port}"


def cards(ehr: Ehr, patients: dict[str, SyntheticPatient], call: Call) -> list[Json]:
    key, hook, title = call
    patient = patients[key]
    if hook == "patient-view":
        return ehr.open_chart(patient.patient_id)
    (draft,) = [order.resource for order in patient.orders if order.title == title]
    return ehr.order(hook, patient.patient_id, [draft])


@pytest.fixture(scope="module", params=WAYS)
def way(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def directly(way: str, cds: str, hapi: str, patients: dict[str, SyntheticPatient]) -> Callable[[Call], list[Json]]:
    """The cards when the server itself is read, whole pages at once."""
    return partial(cards, Ehr(cds, hapi, send_prefetch=way == SENT_ALONG), patients)


@pytest.fixture(scope="module")
def behind(way: str, cds: str, proxy: Proxy, patients: dict[str, SyntheticPatient]) -> Callable[[Call], Called]:
    """The same through the proxy."""
    ehr = Ehr(cds, proxy.http, TOKEN) if way == SENT_ALONG else Ehr(cds, proxy.https, TOKEN, send_prefetch=False)

    def call(one: Call) -> Called:
        before = len(proxy.outside())
        shown = cards(ehr, patients, one)
        return Called(shown, proxy.outside()[before:])

    return call


def told(cards: list[Json]) -> list[Json]:
    """All that a clinician is shown; the ids of cards and of what they offer are new each time."""
    return [
        {
            "topic": card["source"]["topic"]["code"],
            "indicator": card["indicator"],
            "summary": card["summary"],
            "detail": card.get("detail"),
            "suggestions": [
                (suggestion["label"], [action["description"] for action in suggestion["actions"]])
                for suggestion in card.get("suggestions", ())
            ],
        }
        for card in cards
    ]


@pytest.mark.parametrize("call", CHARTS)
def test_a_chart_opened_through_the_proxy_shows_the_same_cards(
    call: Call, behind: Callable[[Call], Called], directly: Callable[[Call], list[Json]]
) -> None:
    called = behind(call)
    assert told(called.cards) == told(directly(call))
    assert any(one.is_next_page for one in called.asked), "no search was long enough to need a second page"
    assert {one.status for one in called.asked} == {200}


@pytest.mark.parametrize("call", ORDERS)
def test_an_order_through_the_proxy_shows_the_same_cards(
    call: Call, behind: Callable[[Call], Called], directly: Callable[[Call], list[Json]]
) -> None:
    assert told(behind(call).cards) == told(directly(call))


def test_nobody_asks_at_the_address_that_the_server_believes_in(behind: Callable[[Call], Called], proxy: Proxy) -> None:
    called = behind((SEEN[0].key, "patient-view", ""))
    assert called.cards
    assert [one for one in proxy.inside() if one.agent != ELSEWHERE] == []


def test_the_token_goes_with_every_request_through_the_proxy(behind: Callable[[Call], Called]) -> None:
    called = behind((SEEN[0].key, "patient-view", ""))
    assert {one.authorization for one in called.asked} == {f"Bearer {TOKEN}"}
    assert sum(one.is_next_page for one in called.asked) >= 3


def test_the_server_cuts_small_pages_and_names_the_next_by_an_address_that_could_be_asked(
    http: requests.Session, proxy: Proxy, patients: dict[str, SyntheticPatient]
) -> None:
    """Without this, the other tests of this module would hold for any reader."""
    patient = patients[SEEN[0].key].patient_id
    page = http.get(f"{proxy.http}/Observation?patient={patient}&_count=50", timeout=60).json()
    assert len(page["entry"]) == PAGE_SIZE
    (link,) = [link["url"] for link in page["link"] if link["relation"] == "next"]
    assert link.startswith(f"{proxy.inner}?_getpages=")
    followed = http.get(link, headers={"User-Agent": ELSEWHERE}, timeout=60).json()
    assert len(followed["entry"]) == PAGE_SIZE
    assert ELSEWHERE in {one.agent for one in proxy.inside()}
