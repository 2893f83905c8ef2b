"""What a quirk is: one habit of EHRs, servers or libraries, as a change of a chart, a request or its bytes.

What may live here: the kinds of quirks and how several of them work together. The quirks stand beside this module.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from enum import IntEnum
from typing import Any

from tests.contract.records import Json
from tests.field.held import Chart
from tests.field.server import Habits

Wire = tuple[bytes, dict[str, str]]
"""A request as it is sent: body and headers."""


class Stage(IntEnum):
    """What a quirk changes, in the order in which several are applied."""

    CHART = 1
    BODY = 2
    WRAPPING = 3
    WIRE = 4
    SERVER = 5


@dataclass(frozen=True)
class Quirk:
    """`habit` says who does so, with the public source; with `spelling` it says the same in other letters."""

    name: str
    habit: str
    stage: Stage
    change: Callable[[Any], Any]
    spelling: bool


def _quirk(stage: Stage, *, spelling: bool) -> Callable[[Callable[[Any], Any]], Quirk]:
    def made(change: Callable[[Any], Any]) -> Quirk:
        return Quirk(change.__name__, change.__doc__ or "", stage, change, spelling)

    return made


def of_chart(*, spelling: bool) -> Callable[[Callable[[Chart], Chart]], Quirk]:
    """A function that changes what the EHR holds or drafts."""
    return _quirk(Stage.CHART, spelling=spelling)


def of_body(*, spelling: bool) -> Callable[[Callable[[Json], Json]], Quirk]:
    """A function that changes the request, prefetch and all; it works on a copy of its own."""
    return _quirk(Stage.BODY, spelling=spelling)


def of_wrapping(*, spelling: bool) -> Callable[[Callable[[Json], Json]], Quirk]:
    """A function that wraps what is sent along in something else, whatever stands inside."""
    return _quirk(Stage.WRAPPING, spelling=spelling)


def of_wire(*, spelling: bool) -> Callable[[Callable[[Wire], Wire]], Quirk]:
    """A function that changes the bytes or the headers."""
    return _quirk(Stage.WIRE, spelling=spelling)


def of_server(*, spelling: bool) -> Callable[[Callable[[Habits], Habits]], Quirk]:
    """A function that changes the habits of the FHIR server."""
    return _quirk(Stage.SERVER, spelling=spelling)


def applied(quirks: Iterable[Quirk], stage: Stage, value: Any) -> Any:
    """The value with every quirk of this stage, in their order."""
    for quirk in quirks:
        if quirk.stage is stage:
            value = quirk.change(copy.deepcopy(value))
    return value


def mapped(chart: Chart, change: Callable[[Json], Json], *types: str) -> Chart:
    """The chart with the resources of these types changed (of all types, when none is named), drafts included."""

    def new(resource: Json) -> Json:
        return change(resource) if not types or resource["resourceType"] in types else resource

    return replace(
        chart,
        held=tuple(map(new, chart.held)),
        drafts=tuple({**entry, "resource": new(entry["resource"])} for entry in chart.drafts),
    )


def with_concepts(chart: Chart, change: Callable[[Json], Json], *types: str) -> Chart:
    """The chart with every CodeableConcept changed that names what a resource is about."""

    def new(resource: Json) -> Json:
        names = [name for name in ("code", "medicationCodeableConcept") if isinstance(resource.get(name), dict)]
        return {**resource, **{name: change(resource[name]) for name in names}}

    return mapped(chart, new, *types)


def with_codings(chart: Chart, change: Callable[[Json], Json], *types: str) -> Chart:
    """The chart with every single coding changed."""

    def new(concept: Json) -> Json:
        codings = concept.get("coding")
        if isinstance(codings, dict):
            return {**concept, "coding": change(codings)}
        return {**concept, "coding": [change(coding) for coding in codings]} if codings else concept

    return with_concepts(chart, new, *types)


def with_systems(chart: Chart, names: Mapping[str, str]) -> Chart:
    """The chart with other names for code systems."""
    return with_codings(chart, lambda coding: {**coding, **_renamed(coding, names)})


def _renamed(coding: Json, names: Mapping[str, str]) -> Json:
    return {"system": names[coding["system"]]} if coding.get("system") in names else {}
