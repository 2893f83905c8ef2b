"""In a history Bundle what was deleted in the end is left out; where nobody can tell, everything stays."""

from __future__ import annotations

from typing import Any

import pytest

from cds_service.tryout import NotUnderstood
from cds_service.tryout.records import records_in
from tests.unit.cds_service.tryout.conftest import PATIENT, Json, order

WARFARIN = order("m1", "warfarin")
URL = "MedicationRequest/m1"
UUID = "5a1d8c3e-0a41-4c0f-9d0e-3a5b8a6f0b00"
EARLY, LATE = "2026-02-01T10:00:00Z", "2026-02-01T11:00:00+00:00"


def put(number: str | None = None, at: str | None = None, id: str = "m1") -> Json:
    meta = {name: value for name, value in (("versionId", number), ("lastUpdated", at)) if value}
    return {"request": {"method": "PUT", "url": URL}, "resource": {**WARFARIN, "id": id, "meta": meta}}


def delete(etag: str | None = None, at: str | None = None, url: str = URL, **members: Any) -> Json:
    response = {name: value for name, value in (("etag", etag), ("lastModified", at)) if value}
    return {"request": {"method": "DELETE", "url": url}, "response": {"status": "204", **response}, **members}


def bundle(*entries: Any, type: str = "history") -> Json:
    return {"resourceType": "Bundle", "type": type, "entry": [*entries, {"resource": PATIENT}]}


GONE: dict[str, list[Json]] = {
    "the first, as FHIR orders a history": [delete(), put()],
    "of several versions": [delete(), put(), put(), put()],
    "its number is the highest": [put("1"), put("2"), delete('W/"3"')],
    "numbers are no text": [put("9"), delete("10")],
    "its moment is the latest": [put(at=EARLY), delete(at=LATE)],
    "moments of one instant, and it is the first": [delete(at=EARLY), put(at=EARLY)],
    "it holds what was deleted": [{**delete(), "resource": WARFARIN}, put()],
    "its method in other letters": [{**delete(), "request": {"method": "delete", "url": URL}}, put()],
    "by a whole address": [delete(url=f"https://ehr.example/fhir/{URL}"), put()],
    "by the address of its entry": [delete(url="", fullUrl=f"https://ehr.example/fhir/{URL}"), put()],
    "by a UUID in other letters": [delete(url=f"MedicationRequest/{UUID.upper()}"), put(id=UUID)],
    "only its moment is known": [delete(at=EARLY), put()],
}
STAYS: dict[str, list[Json]] = {
    "it was written again": [put(), delete(), put()],
    "its number is not the highest": [delete('W/"2"'), put("3"), put("1")],
    "its moment is not the latest": [delete(at=EARLY), put(at=LATE)],
    "another one is later, of a third nothing is known": [delete(at=EARLY), put(at=LATE), put()],
    "another one is higher, of a third nothing is known": [delete("2"), put("3"), put()],
    "moments of one instant, and it is the last": [put(at=EARLY), delete(at=EARLY)],
    "days are no moments": [put(at="2026-02-01"), delete(at="2026-02-02")],
    "numbers that are none": [put("a"), delete('W/"b"')],
    "another id": [delete(url="MedicationRequest/m2"), put()],
    "another type": [delete(url="MedicationStatement/m1"), put()],
    "one version alone was deleted": [delete(url=f"{URL}/_history/1"), put()],
    "deleted by a search": [delete(url="MedicationRequest?_id=m1", fullUrl=URL), put()],
    "nobody knows what was deleted": [delete(url=""), put()],
    "no url": [{"request": {"method": "DELETE"}}, put()],
    "method is no text": [{"request": {"method": 5, "url": URL}}, put()],
}


def orders(sent: Json) -> int:
    return len(records_in(sent).of_kind("MedicationRequest"))


@pytest.mark.parametrize("entries", GONE.values(), ids=GONE)
def test_a_resource_of_which_the_newest_entry_is_a_delete_is_left_out(entries: list[Json]) -> None:
    found = records_in(bundle(*entries))
    assert [entry.kind for entry in found.entries] == ["Patient"]
    assert found.deleted == 1
    assert records_in([bundle(*entries), bundle()]).deleted == 1


@pytest.mark.parametrize("entries", STAYS.values(), ids=STAYS)
def test_where_something_else_is_newer_or_nobody_can_tell_it_stays(entries: list[Json]) -> None:
    found = records_in(bundle(*entries))
    assert len(found.of_kind("MedicationRequest")) == sum("resource" in entry for entry in entries)
    assert found.deleted == 0


@pytest.mark.parametrize("type", ["transaction", "batch", "collection", "searchset", ""])
def test_in_other_bundles_a_delete_is_no_record(type: str) -> None:
    assert orders(bundle(delete(), put(), type=type)) == 1


def test_other_resources_stay_and_a_delete_alone_leaves_nothing_out() -> None:
    found = records_in(bundle(delete(), put(), put(id="m3")))
    assert [entry.resource["id"] for entry in found.entries] == ["m3", "p1"]
    assert records_in(bundle(delete())).deleted == 0


def test_a_part_that_cannot_be_understood_is_told_all_the_same() -> None:
    with pytest.raises(NotUnderstood, match=r"entry\[2\] must be an object"):
        records_in(bundle(delete(), put(), 5))
    with pytest.raises(NotUnderstood, match=r"entry\[0\] tells of a failed look-up"):
        records_in(bundle({**delete(), "response": {"status": "409"}}, put()))
