"""An explanation is for the people of this machine: it never leaves in an answer to an EHR, nor by a log, and it speaks
of the very cards that the endpoint gives."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from cds_service.api import SERVICES, explained_call, is_explanation, parse_hook_request
from cds_service.fhir_client import FhirClient, Limits
from fhir_mappings.packaged import default_reasons
from hooks.explain import as_data
from tests.contract.conftest import FHIR, MakeApp, knowledge
from tests.contract.ehr import HOOKS, Ehr, ehr_of, signature
from tests.contract.fhir_fake import FakeFhir
from tests.contract.records import CONFIRMED, NOW, WARFARIN_DRAFT, Json
from tests.contract.test_privacy import TOKEN, full, leaks

MEMBERS = ("headline", "silence", "status_rows", "drug_classes", "answers", "origins", "explanation")
"""What an explanation has and a card has not."""


@pytest.fixture
def reader() -> Iterator[FhirClient]:
    made = FhirClient(Limits(deadline_seconds=20), lambda _: True)
    yield made
    made.close()


def explained(body: Json, reader: FhirClient) -> tuple[list[Json], Json]:
    """The cards and the explanation of a call, worked out in this process."""
    service = next(service for service in SERVICES if body["hook"] == service.HOOK)
    request = parse_hook_request(body, service.HOOK)
    made = explained_call(service, request, knowledge(), default_reasons(knowledge().policy), reader, NOW)
    return made.cards, as_data(made.explanation)


@pytest.mark.parametrize("hook", HOOKS)
def test_the_answer_to_an_ehr_holds_cards_and_no_explanation(hook: str, make_app: MakeApp) -> None:
    ehr = ehr_of(make_app(pages=frozenset({"ehr", "reasons"}), pages_fhir_server=FHIR))
    answer = ehr.post(ehr.request(hook, CONFIRMED, [WARFARIN_DRAFT]))
    assert set(answer.get_json()) == {"cards"}
    assert answer.get_json()["cards"]
    assert [name for name in MEMBERS if f'"{name}"' in answer.get_data(as_text=True)] == []


@pytest.mark.parametrize("hook", HOOKS)
def test_an_explanation_is_of_the_cards_that_the_endpoint_gives(hook: str, ehr: Ehr, reader: FhirClient) -> None:
    body = ehr.request(hook, CONFIRMED, [WARFARIN_DRAFT])
    cards, explanation = explained(body, reader)
    assert signature(cards) == signature(ehr.cards(body))
    told = [(card["topic"], card["indicator"]) for card in explanation["cards"]]
    assert told == [(card["source"]["topic"]["code"], card["indicator"]) for card in cards]


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("fetched", [False, True])
def test_explaining_leaves_nothing_of_the_patient_in_the_log(
    hook: str, fetched: bool, ehr: Ehr, fhir: FakeFhir, reader: FhirClient, caplog: pytest.LogCaptureFixture
) -> None:
    fhir.record = CONFIRMED
    body = full(ehr, hook)
    if fetched:
        del body["prefetch"]
    with caplog.at_level(logging.DEBUG):
        _, explanation = explained(body, reader)
        logging.getLogger("cds_service").debug("the log is heard")
    assert is_explanation(explanation)
    assert "the log is heard" in caplog.text
    assert leaks(caplog.text) == []


@pytest.mark.parametrize("hook", HOOKS)
def test_an_explanation_names_neither_the_patient_nor_the_token(hook: str, ehr: Ehr, reader: FhirClient) -> None:
    _, explanation = explained(full(ehr, hook), reader)
    assert leaks(str(explanation), ("Zephyrine", "Ottoline", "1956-04-17", TOKEN)) == []
