"""What one client may ask of us: entries per request, calls per minute; and the headers that protect answers."""

from __future__ import annotations

import pytest

from tests.contract.card_rules import check_error
from tests.contract.conftest import MakeApp
from tests.contract.ehr import ehr_of


def test_a_request_with_more_entries_than_the_limit_is_413(make_app: MakeApp) -> None:
    ehr = ehr_of(make_app(max_entries=3))
    body = ehr.request("patient-view")
    body["prefetch"] = {"conditions": {"resourceType": "Bundle", "type": "searchset", "entry": [{}] * 4}}
    check_error(ehr.post(body, "patient-view"), 413, "prefetch")


@pytest.mark.parametrize(("contained", "status"), [(2, 200), (3, 413)])
def test_what_an_order_set_contains_is_counted_as_entries_are(make_app: MakeApp, contained: int, status: int) -> None:
    ehr = ehr_of(make_app(max_entries=3))
    body = ehr.request("order-sign")
    order_set = {"resourceType": "RequestGroup", "id": "set", "contained": [{}] * contained}
    body["context"]["draftOrders"] = {"resourceType": "Bundle", "entry": [{"resource": order_set}]}
    answer = ehr.post(body, "order-sign")
    assert answer.status_code == status
    if status != 200:
        check_error(answer, status, "prefetch")


def test_calls_above_the_rate_are_429_and_health_is_not_counted(make_app: MakeApp) -> None:
    client = make_app(rate_limit="2 per minute").test_client()
    assert [client.get("/health").status_code for _ in range(5)] == [200] * 5
    assert [client.get("/cds-services").status_code for _ in range(3)] == [200, 200, 429]
    refused = client.get("/cds-services")
    check_error(refused, 429)
    assert int(refused.headers["Retry-After"]) > 0


@pytest.mark.parametrize("path", ["/cds-services", "/health", "/nowhere"])
def test_answers_may_not_be_stored_framed_or_sniffed(make_app: MakeApp, path: str) -> None:
    headers = make_app().test_client().get(path).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


@pytest.mark.parametrize("body", [b"[" * 1000 + b"]" * 1000, b'{"hook": ' + b"[" * 1000 + b"]" * 1000 + b"}"])
@pytest.mark.parametrize(
    "path", ["/cds-services/calciphylaxis-patient-view", "/cds-services/calciphylaxis-order-sign/feedback"]
)
def test_a_body_that_is_nested_too_deeply_is_400(make_app: MakeApp, path: str, body: bytes) -> None:
    check_error(make_app().test_client().post(path, data=body, content_type="application/json"), 400)
