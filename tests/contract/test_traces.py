"""What a trace tells of a call: its steps by names of ours, and nothing of what was sent or read."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from cds_service.logs import HEADER
from cds_service.tracing import record_to
from tests.contract.conftest import FHIR, MakeApp
from tests.contract.ehr import HOOKS, Ehr, ehr_of
from tests.contract.fhir_fake import FakeFhir
from tests.contract.records import CONFIRMED, PATIENT_ID, WARFARIN, WARFARIN_DRAFT
from tests.contract.test_log_lines import MARK, MARKED_HEADERS
from tests.contract.test_privacy import PLANTED, failing, full, leaks
from tests.recorded_spans import named, recorded_spans, told

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
VIEW = "calciphylaxis-patient-view"


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    with recorded_spans() as exporter:
        yield exporter


def test_a_call_tells_service_hook_status_and_request_id(ehr: Ehr, spans: InMemorySpanExporter) -> None:
    answer = ehr.post(ehr.request("patient-view", CONFIRMED))
    (call,) = named(spans, "call")
    assert told(call) == {
        "cds.service": VIEW,
        "cds.hook": "patient-view",
        "cds.request_id": answer.headers[HEADER],
        "http.response.status_code": 200,
    }
    assert call.parent is None
    assert call.kind.name == "SERVER"


def test_its_steps_are_parts_of_it_the_rules_and_the_log(ehr: Ehr, spans: InMemorySpanExporter) -> None:
    cards = ehr.ask("patient-view", {**CONFIRMED, "medications": [WARFARIN]})
    (call,), (rules,), (log,) = (named(spans, name) for name in ("call", "rules", "log"))
    assert call.context is not None
    assert [step.parent and step.parent.span_id for step in (rules, log)] == [call.context.span_id] * 2
    assert told(rules) == {"cds.cards": len(cards)}
    assert told(log) == {"cds.events": len(cards) + 1, "cds.to": "spool"}


def test_each_search_is_a_step_by_the_key_of_its_query_with_what_became_of_it(
    ehr: Ehr, fhir: FakeFhir, spans: InMemorySpanExporter
) -> None:
    fhir.record = CONFIRMED
    refused = next(key for key in ehr.keys("patient-view") if key not in ("patient", "calcium"))
    fhir.told = {refused: (500, {"resourceType": "OperationOutcome"})}
    body = full(ehr, "patient-view")
    del body["prefetch"]
    assert ehr.post(body).status_code in (200, 412)
    (call,) = named(spans, "call")
    searches = {told(span)["fhir.asked"]: span for span in named(spans, "fhir.search")}
    assert searches.keys() == {*ehr.keys("patient-view")} - {"patient"}
    assert [told(span)["fhir.asked"] for span in named(spans, "fhir.read")] == ["Patient"]
    assert told(searches["calcium"]) == {"fhir.asked": "calcium"}
    assert told(searches[refused]) == {
        "fhir.asked": refused,
        "http.response.status_code": 500,
        "error.type": "the FHIR server answered 500",
    }
    assert call.context is not None
    assert {span.parent and span.parent.span_id for span in searches.values()} == {call.context.span_id}


def test_a_call_that_cannot_be_judged_tells_412_and_a_broken_one_400(
    ehr: Ehr, fhir: FakeFhir, spans: InMemorySpanExporter
) -> None:
    fhir.told = dict.fromkeys(ehr.keys("patient-view"), (500, {"resourceType": "OperationOutcome"}))
    body = full(ehr, "patient-view")
    ehr.post({**body, "prefetch": {}})
    ehr.post({**body, "context": MARK})
    ehr.client.post(ehr.url("patient-view"), data=b"{", content_type="text/plain")
    calls = named(spans, "call")
    assert [told(call)["http.response.status_code"] for call in calls] == [412, 400, 415]
    assert {call.status.status_code.name for call in calls} == {"UNSET"}


def test_a_fault_of_ours_is_an_error_by_its_kind(make_app: MakeApp, ehr: Ehr, spans: InMemorySpanExporter) -> None:
    def clock() -> None:
        raise RuntimeError(MARK)

    make_app(clock=clock).test_client().post(ehr.url("patient-view"), json=full(ehr, "patient-view"))
    (call,) = named(spans, "call")
    assert told(call).items() >= {"http.response.status_code": 500, "error.type": "RuntimeError"}.items()
    assert (call.status.status_code.name, call.status.description, call.events) == ("ERROR", None, ())


def test_the_trace_of_the_caller_goes_on_and_what_could_be_a_record_number_begins_a_new_one(
    ehr: Ehr, spans: InMemorySpanExporter
) -> None:
    body = ehr.request("patient-view", CONFIRMED)
    for trace, parent in ((TRACE, PARENT), ("12345678" * 4, PARENT), (TRACE, "1234567890123456"), (MARK, MARK)):
        headers = {"Traceparent": f"00-{trace}-{parent}-01", "Tracestate": f"a={MARK}"}
        ehr.client.post(ehr.url("patient-view"), json=body, headers=headers)
    first, *others = named(spans, "call")
    assert first.parent is not None
    assert (f"{first.parent.trace_id:032x}", f"{first.parent.span_id:016x}") == (TRACE, PARENT)
    assert [call.parent for call in others] == [None] * 3
    assert MARK not in "".join(span.to_json() for span in spans.get_finished_spans())


@pytest.mark.parametrize("hook", HOOKS)
def test_no_span_holds_anything_of_what_was_sent_or_read(
    hook: str, ehr: Ehr, fhir: FakeFhir, spans: InMemorySpanExporter
) -> None:
    fhir.record = {**CONFIRMED, "medications": [WARFARIN]}
    body = full(ehr, hook)
    for sent in (body, {name: value for name, value in body.items() if name != "prefetch"}):
        ehr.client.post(f"{ehr.url(hook)}?name={MARK}", json=sent, headers=MARKED_HEADERS)
    ehr.client.post(f"/cds-services/{MARK}", json=body, headers=MARKED_HEADERS)
    item = {"card": MARK, "outcome": "overridden", "outcomeTimestamp": "2026-11-22T10:00:00Z"}
    ehr.client.post(ehr.url(hook, "/feedback"), json={"feedback": [item]}, headers=MARKED_HEADERS)
    failing(ehr, hook)
    text = "".join(span.to_json() for span in spans.get_finished_spans())
    assert len(named(spans, "call")) == 12
    assert named(spans, "fhir.search")
    assert leaks(text, (*PLANTED, FHIR, "127.0.0.1", "http://", "https://", "Observation?", "exception")) == []


def test_a_type_that_is_none_is_not_repeated(ehr: Ehr, fhir: FakeFhir, spans: InMemorySpanExporter) -> None:
    """Where a drug is looked for is written on the record, in whatever words."""
    fhir.record = CONFIRMED
    draft = {name: value for name, value in WARFARIN_DRAFT.items() if not name.startswith("medication")}
    body = ehr.request(
        "order-sign", CONFIRMED, [draft | {"medicationReference": {"reference": f"Medication/{PATIENT_ID}"}}]
    )
    ehr.post(body | {"fhirServer": FHIR})
    reads = {told(span)["fhir.asked"] for span in named(spans, "fhir.read")}
    assert reads == {"Medication"}


def test_off_nothing_is_recorded(app: object, spans: InMemorySpanExporter, make_app: MakeApp) -> None:
    record_to(None)
    ehr = ehr_of(make_app())
    ehr.ask("patient-view", CONFIRMED)
    assert spans.get_finished_spans() == ()
