"""Who is played under both policies, and what is asked about each.

What may live here: synthetic patients, stories and Bundles as calls. What came of them is compared in `changes`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from enum import StrEnum
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from cds_service.demo.patients import load_patients
from cds_service.knowledge import Knowledge
from cds_service.policy_work.bundle_request import request_of
from cds_service.policy_work.bundles import PatientBundle
from cds_service.policy_work.drafts import Draft
from cds_service.stories import HOOKS, Answer, Vignette, ask, play

Json = dict[str, Any]
OPENED, *_ORDERING = HOOKS


class Source(StrEnum):
    """Where a patient comes from."""

    SYNTHETIC = "synthetic patient"
    STORY = "story"
    OWN_STORY = "own story"
    BUNDLE = "Bundle"


@dataclass(frozen=True, slots=True)
class Call:
    """One question about a patient: the hook, the drug of the draft ("" for none), and who answers it by a policy."""

    hook: str
    drug: str
    answer: Callable[[Knowledge], Answer]


@dataclass(frozen=True, slots=True)
class Patient:
    """One patient, by the title of a story or the name of a file, and everything that is asked about them."""

    source: Source
    title: str
    calls: tuple[Call, ...]


def moment_on(day: date, zone: ZoneInfo) -> datetime:
    """A moment of a clinic's day that is the same day in UTC, in which records count their days."""
    noon = datetime.combine(day, time(12), UTC)
    return noon if noon.astimezone(zone).date() == day else datetime.combine(day, time(9), UTC)


def synthetic_patients(now: datetime, drafts: Sequence[Draft]) -> Iterator[Patient]:
    """The packaged synthetic patients with their days counted back from `now`: the chart is opened, a drug ordered."""
    for one in load_patients(now):
        entries = [{"resource": resource} for resource in one.resources]
        yield Patient(Source.SYNTHETIC, one.title, _calls(one.resources[0], entries, drafts, now))


def bundle_patients(bundles: Iterable[PatientBundle], now: datetime, drafts: Sequence[Draft]) -> Iterator[Patient]:
    """The patients of Bundles, as they stand: what is old by then is old."""
    for one in bundles:
        yield Patient(Source.BUNDLE, one.file, _calls(one.patient, one.entries, drafts, now))


def story_patients(vignettes: Iterable[Vignette], source: Source, now: datetime) -> Iterator[Patient]:
    """Stories, each as it is told, in its first dialect, at `now` unless it stands on a day of its own."""
    for vignette in vignettes:
        yield Patient(source, vignette.title, (Call(vignette.hook, "", partial(play, vignette.told_at(now))),))


def _calls(patient: Json, entries: Sequence[Json], drafts: Sequence[Draft], now: datetime) -> tuple[Call, ...]:
    def call(hook: str, draft: Draft | None = None) -> Call:
        def answer(knowledge: Knowledge) -> Answer:
            order = draft.order_for(patient["id"]) if draft else None
            return ask(request_of(hook, patient["id"], entries, knowledge.queries_for(hook), order), knowledge, now)

        return Call(hook, draft.drug if draft else "", answer)

    return (call(OPENED), *(call(hook, draft) for draft in drafts for hook in _ORDERING))
