"""Habits of drafting orders and of saying which of them are selected."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from tests.field.held import HERE, Chart, entry, without
from tests.field.play import selected
from tests.field.quirks.kinds import of_chart

URN = "urn:uuid:5b0c1d2e-3f40-4a5b-9c6d-7e8f90a1b2c3"


def _selections(chart: Chart, change: Callable[[str], Any]) -> Chart:
    return replace(chart, selections=tuple(change(str(one)) for one in selected(chart))) if chart.drafts else chart


@of_chart(spelling=True)
def selections_by_bare_id(chart: Chart) -> Chart:
    """The id without its type (cds-hooks/docs#517)."""
    return _selections(chart, lambda one: one.rpartition("/")[2])


@of_chart(spelling=True)
def selections_by_whole_address(chart: Chart) -> Chart:
    """The whole address, with a version (cds-hooks/docs#517)."""
    return _selections(chart, lambda one: f"{HERE}/{one}/_history/2")


@of_chart(spelling=True)
def selections_by_urn(chart: Chart) -> Chart:
    """urn:uuid: before an id that has none (cds-hooks/docs#517)."""
    return _selections(chart, lambda one: f"urn:uuid:{one.rpartition('/')[2]}")


@of_chart(spelling=True)
def selections_by_an_older_type(chart: Chart) -> Chart:
    """MedicationOrder, the type of DSTU2 (HL7/fhir DSTU2; cds-hooks/sandbox)."""
    return _selections(chart, lambda one: one.replace("MedicationRequest/", "MedicationOrder/"))


@of_chart(spelling=True)
def selections_that_name_nothing(chart: Chart) -> Chart:
    """No selection names a draft (HL7-DaVinci/CRD#242)."""
    return _selections(chart, lambda _: "MedicationRequest/not-among-the-drafts")


@of_chart(spelling=True)
def drafts_known_by_full_url_alone(chart: Chart) -> Chart:
    """Drafts have no id yet, only the fullUrl of their entry (cds-hooks/docs#517)."""
    if not chart.drafts:
        return chart
    drafts = tuple(
        {"resource": without(one["resource"], "id"), "fullUrl": URN}
        if one["resource"]["resourceType"] == "MedicationRequest"
        else one
        for one in chart.drafts
    )
    return replace(chart, drafts=drafts, selections=(URN,))


@of_chart(spelling=True)
def drafts_in_an_order_set(chart: Chart) -> Chart:
    """The orders are contained in a RequestGroup, and that is selected (cds-hooks/docs#396, #473)."""
    orders = [one["resource"] for one in chart.drafts if one["resource"]["resourceType"] == "MedicationRequest"]
    if not orders or any("contained" in one for one in orders):
        return chart
    actions = [{"resource": {"reference": f"#{one.get('id', 'draft')}"}} for one in orders]
    contained = [{"id": "draft", **one} for one in orders]
    order_set = {
        "resourceType": "RequestGroup",
        "id": "set",
        "status": "draft",
        "contained": contained,
        "action": actions,
    }
    others = [one for one in chart.drafts if one["resource"]["resourceType"] != "MedicationRequest"]
    return replace(chart, drafts=(entry(order_set), *others), selections=("RequestGroup/set",))
