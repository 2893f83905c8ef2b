"""For whom cards are is told by the type of the user, however the EHR writes the reference."""

from datetime import date

import pytest

from cds_service.api.hook_request import HookRequest
from cds_service.api.services import asking_of
from hooks import order_sign

TODAY = date(2026, 3, 2)


@pytest.mark.parametrize(
    ("user", "kind"),
    [
        ("Practitioner/3", "Practitioner"),
        ("PractitionerRole/a-b", "PractitionerRole"),
        ("https://ehr.example/fhir/Practitioner/3", "Practitioner"),
        ("3", ""),
    ],
)
def test_the_type_of_the_user_is_what_stands_before_the_id(user: str, kind: str) -> None:
    request = HookRequest("order-sign", "i", "p1", {}, None, user_id=user)
    asking = asking_of(order_sign, request, TODAY)
    assert (asking.user, asking.hook, asking.service, asking.on) == (kind, "order-sign", order_sign.ID, TODAY)
