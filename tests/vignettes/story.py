"""Vignettes as written: TOML files to frozen values.

What may live here: the format of `stories/*.toml` and the refusal of what it does not know. No FHIR.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

Entry = Mapping[str, Any]

STORIES = Path(__file__).parent / "stories"
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
HOOKS = ("patient-view", "order-select", "order-sign")
DIALECTS = ("american", "epic-like", "oracle-like", "european", "free-text")

_LISTS = ("conditions", "results", "procedures", "active", "orders")
_TEXTS = ("says", "says_not", "offers", "offers_not")
_KEYS = {"title", "hook", "patient", "labs", "expect", "each_says", "dialects", "now", "unreadable", "row"}
_ENTRY_KEYS = {
    "conditions": {"is", "snomed", "icd10cm", "icd10", "icd9", "icd11", "text", "display", "days_ago", "undated"}
    | {"onset_days_ago", "clinical", "verification"},
    "results": {"of", "loinc", "value", "unit", "days_ago", "at", "status", "comparator", "upper", "upper_unit"},
    "procedures": {"is", "snomed", "cpt", "text", "days_ago", "status"},
    "active": {"is", "rxnorm", "atc", "snomed", "text", "days_ago", "undated", "status", "intent", "route"}
    | {"do_not_perform", "selected", "as"},
}
_ENTRY_KEYS["orders"] = _ENTRY_KEYS["active"]
for _keys in _ENTRY_KEYS.values():
    _keys.add("of_another_patient")
_PATIENT_KEYS = {"sex", "age", "born", "dialysis"}
REFUSED = "cannot judge"


class StoryError(ValueError):
    """A vignette that is not written as the README says."""


@dataclass(frozen=True)
class Vignette:
    """One patient story and the exact cards expected: `expect` is None where the service must refuse to judge."""

    title: str
    hook: str
    patient: Entry
    entries: Mapping[str, tuple[Entry, ...]]
    expect: tuple[tuple[str, str], ...] | None
    labs: str = ""
    texts: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    each_says: tuple[str, ...] = ()
    dialects: tuple[str, ...] = DIALECTS
    now: datetime = NOW
    unreadable: tuple[str, ...] = ()


def load_vignettes() -> tuple[Vignette, ...]:
    """All vignettes of all story files, in order. Raises StoryError, naming the vignette."""
    found = [vignette for path in sorted(STORIES.glob("*.toml")) for vignette in read_stories(path.read_text("utf-8"))]
    titles = [vignette.title for vignette in found]
    doubled = sorted({title for title in titles if titles.count(title) > 1})
    if doubled:
        raise StoryError(f"two vignettes share a title: {doubled}")
    return tuple(found)


def read_stories(text: str) -> Iterator[Vignette]:
    """The vignettes of one file: a story without rows is one; with rows each row is one, told on top of the story."""
    for story in tomllib.loads(text)["vignette"]:
        base = {key: value for key, value in story.items() if key != "row"}
        for told in [_joined(base, row) for row in story.get("row", ())] or [base]:
            yield _vignette(told)


def _joined(base: Entry, row: Entry) -> dict[str, Any]:
    """Lists of the record grow, the patient is changed, everything else is replaced."""
    joined = {**base, **row, "title": f"{base['title']}: {row['title']}"}
    for name in _LISTS:
        joined[name] = [*base.get(name, ()), *row.get(name, ())]
    joined["patient"] = {**base.get("patient", {}), **row.get("patient", {})}
    return joined


def _vignette(story: Entry) -> Vignette:
    title = story.get("title", "")
    _check(title, story)
    expected = story["expect"]
    return Vignette(
        title=title,
        hook=story["hook"],
        patient=story.get("patient", {}),
        entries={name: tuple(_named(entry) for entry in story.get(name, ())) for name in _LISTS},
        expect=None if expected == REFUSED else tuple(_card(title, card) for card in expected),
        labs=story.get("labs", ""),
        texts={key: _phrases(story.get(key, {})) for key in _TEXTS},
        each_says=tuple(story.get("each_says", ())),
        dialects=tuple(story.get("dialects", DIALECTS)),
        now=story.get("now", NOW),
        unreadable=tuple(story.get("unreadable", ())),
    )


def _named(entry: Any) -> Entry:
    return {"is": entry} if isinstance(entry, str) else dict(entry)


def _phrases(texts: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {topic: (said,) if isinstance(said, str) else tuple(said) for topic, said in texts.items()}


def _card(title: str, card: str) -> tuple[str, str]:
    topic, _, indicator = card.partition(" ")
    if indicator not in ("info", "warning", "critical"):
        raise StoryError(f"{title}: {card!r} is not 'topic indicator'")
    return topic, indicator


def _check(title: str, story: Entry) -> None:
    problems = sorted(set(story) - _KEYS - set(_LISTS) - set(_TEXTS))
    problems += sorted(set(story.get("patient", {})) - _PATIENT_KEYS)
    for name in _LISTS:
        for entry in story.get(name, ()):
            problems += sorted(set(_named(entry)) - _ENTRY_KEYS[name])
    if story.get("hook") not in HOOKS:
        problems.append("hook")
    if "expect" not in story:
        problems.append("no expect: silence is written []")
    problems += sorted(set(story.get("dialects", ())) - set(DIALECTS))
    if problems:
        raise StoryError(f"{title}: not understood: {problems}")
