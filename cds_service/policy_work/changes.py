"""Who gets another card under another policy.

What may live here: playing everybody under both, comparing what came, and all of it as one value. How it is shown is
decided elsewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

from cds_service.knowledge import InForce, Knowledge
from cds_service.policy_work.bundles import bundles_in
from cds_service.policy_work.drafts import drafts
from cds_service.policy_work.examples import NO_EXAMPLE, Example, example
from cds_service.policy_work.file_changes import EntryChange, NumberChange, entry_changes, number_changes
from cds_service.policy_work.identity import packaged_values
from cds_service.policy_work.patients import (
    Patient,
    Source,
    bundle_patients,
    moment_on,
    story_patients,
    synthetic_patients,
)
from cds_service.policy_work.remarks import has_own_codes
from cds_service.stories import Answer, failed, load_vignettes, topic


class Change(StrEnum):
    """What becomes of a card, or of the whole answer. `BECOMES` joins a gain and a loss for readers alone."""

    BECOMES = "becomes another card"
    GAINS = "gains"
    LOSES = "loses"
    INDICATOR = "changes its indicator"
    REFUSED = "is no longer judged"
    JUDGED = "is judged now"
    NEITHER = "is judged under neither"
    WORDS = "says or offers something else"


class Moment(NamedTuple):
    """A hook, and the drug that is ordered there; "" for none, or for those of a story."""

    hook: str
    drug: str


@dataclass(frozen=True, slots=True)
class Row:
    """One patient, one card, one change, and the moments at which it is so.

    `old` and `new` are the indicators, "" where there is no card. Of a refusal `topic` is "", and `old` and `new` are
    its reason and the cards on the other side. `becomes` is the topic that takes the place of `topic`; `example` is an
    old and a new sentence of a card that only says something else, never one of a Bundle.
    """

    source: Source
    patient: str
    topic: str
    change: Change
    old: str
    new: str
    moments: tuple[Moment, ...]
    becomes: str = ""
    example: Example = NO_EXAMPLE


NOTHING: Mapping[str, str] = MappingProxyType({})
_TOLD = (Source.STORY, Source.OWN_STORY)
_Changed = tuple[str, Change, str, str]


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that a change of policy brings, on a day.

    `digests` are hashes of the files of either policy, and `packaged` the values that ship of the numbers that differ.
    `titles` names cards in words, by topic, and `classes` the drugs that raise them; `played` counts the patients by
    source, `as_told` the stories that stand on a day of their own. `unread` are Bundles that could not be used, by
    file, and `failed` the own stories that do not hold under the new policy. `own_codes`: a site policy brings codes,
    which only records of the reader's own can have.
    """

    old: str
    new: str
    digests: tuple[str, str]
    on: date
    numbers: tuple[NumberChange, ...]
    entries: tuple[EntryChange, ...]
    rows: tuple[Row, ...]
    titles: Mapping[str, str]
    classes: Mapping[str, frozenset[str]]
    packaged: Mapping[str, str]
    played: Mapping[Source, int]
    calls: int
    as_told: int
    unread: Mapping[str, str]
    failed: Mapping[str, str]
    own_codes: bool = False

    def of(self, *changes: Change) -> tuple[Row, ...]:
        """The rows of these kinds."""
        return tuple(row for row in self.rows if row.change in changes)


def difference(
    old: tuple[str, InForce],
    new: tuple[str, InForce],
    on: date,
    stories: Path | None = None,
    bundles: Path | None = None,
) -> Difference:
    """Play everybody under both policies, each with its name; `stories` and `bundles` are folders of the user's own.

    Raises StoryError or BundleError where a folder cannot be used.
    """
    own = load_vignettes(stories) if stories else ()
    found = list(bundles_in(bundles)) if bundles else []
    told = load_vignettes()
    now, ordered = moment_on(on, new[1].knowledge.zone), drafts(old[1], new[1])
    patients = [
        *synthetic_patients(now, ordered),
        *story_patients(told, Source.STORY, now),
        *story_patients(own, Source.OWN_STORY, now),
        *bundle_patients((bundle for bundle in found if not bundle.problem), now, ordered),
    ]
    return compared(
        old,
        new,
        on,
        patients,
        as_told=sum(vignette.is_dated for vignette in (*told, *own)),
        unread={bundle.file: bundle.problem for bundle in found if bundle.problem},
        failed=failed([vignette.told_at(now) for vignette in own], new[1].knowledge),
    )


def compared(
    old: tuple[str, InForce],
    new: tuple[str, InForce],
    on: date,
    patients: Sequence[Patient],
    *,
    as_told: int = 0,
    unread: Mapping[str, str] = NOTHING,
    failed: Mapping[str, str] = NOTHING,
) -> Difference:
    """The same for these patients, with what is known of them already."""
    before, after = old[1], new[1]
    numbers = number_changes(before, after, on)
    return Difference(
        old=old[0],
        new=new[0],
        digests=(before.files.digest, after.files.digest),
        on=on,
        numbers=numbers,
        entries=entry_changes(before, after),
        rows=tuple(row for patient in patients for row in _rows(patient, *map(_nameless, (before, after)))),
        titles={code: one.title for policy in (before, after) for code, one in policy.reasons.topics.items()},
        classes=_classes(before, after),
        packaged=packaged_values((change.key for change in numbers), on),
        played=dict(Counter(patient.source for patient in patients)),
        calls=sum(len(patient.calls) for patient in patients),
        as_told=as_told,
        unread=unread,
        failed=failed,
        own_codes=has_own_codes(after),
    )


def _nameless(policy: InForce) -> Knowledge:
    """What calls know, without whose policy it is: else every card would name another version and lead elsewhere."""
    knowledge = policy.knowledge
    if knowledge.site is None:
        return knowledge
    url = knowledge.reasons_url
    return replace(knowledge, site=None, reasons_url=url and url.removesuffix(f"/of/{knowledge.tenant}"))


def _classes(*policies: InForce) -> dict[str, frozenset[str]]:
    """The classes of drugs that raise a card under any of these policies, by its topic."""
    found: dict[str, frozenset[str]] = {}
    for policy in policies:
        for code, one in policy.reasons.topics.items():
            found[code] = found.get(code, frozenset()) | frozenset(one.drug_classes)
    return found


def _rows(patient: Patient, old: Knowledge, new: Knowledge) -> Iterator[Row]:
    """What changes for a patient, the moments of one change together."""
    moments: dict[_Changed, list[Moment]] = {}
    examples: dict[_Changed, Example] = {}
    for call in patient.calls:
        for change, said in _compared(call.answer(old), call.answer(new)):
            if change[1] is Change.NEITHER and patient.source in _TOLD:
                # A story may be about just that: what cannot be judged.
                continue
            moments.setdefault(change, []).append(Moment(call.hook, call.drug))
            examples.setdefault(change, NO_EXAMPLE if patient.source is Source.BUNDLE else said)
    for change, found in moments.items():
        about, kind, before, after = change
        yield Row(patient.source, patient.title, about, kind, before, after, tuple(found), example=examples[change])


def _compared(old: Answer, new: Answer) -> Iterator[tuple[_Changed, Example]]:
    """What differs between two answers: topic, change, and indicator or reason on either side; and in which words."""
    if old.refused or new.refused:
        kind = Change.NEITHER if old.refused and new.refused else Change.JUDGED if old.refused else Change.REFUSED
        yield ("", kind, _in_words(old), _in_words(new)), NO_EXAMPLE
        return
    before, after = ({topic(card): card for card in answer.cards} for answer in (old, new))
    for about in {**before, **after}:
        one, other = before.get(about), after.get(about)
        was, is_now = (str(card["indicator"]) if card else "" for card in (one, other))
        if one is None or other is None:
            yield (about, Change.LOSES if one else Change.GAINS, was, is_now), NO_EXAMPLE
        elif was != is_now:
            yield (about, Change.INDICATOR, was, is_now), NO_EXAMPLE
        elif _without_ids(one) != _without_ids(other):
            yield (about, Change.WORDS, was, is_now), example(one, other)


def _in_words(answer: Answer) -> str:
    """The reason of a refusal, or the cards that came."""
    return answer.refused or ", ".join(f"{about} {indicator}" for about, indicator in answer.said) or "no card"


def _without_ids(value: Any) -> Any:
    """A card without what is made anew for each answer."""
    if isinstance(value, dict):
        return {key: _without_ids(inner) for key, inner in value.items() if key != "uuid"}
    return [_without_ids(inner) for inner in value] if isinstance(value, list) else value
