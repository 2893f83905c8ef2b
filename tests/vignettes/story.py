"""Vignettes as written: TOML files to frozen values.

What may live here: from `stories/*.toml`, whose format is `story.schema.json`, to vignettes. No FHIR.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fhir_mappings.data_faults import place
from fhir_mappings.data_files import DataFileError, parsed, schema_of, text_of

Entry = Mapping[str, Any]

STORIES = Path(__file__).parent / "stories"
NOW = datetime(2026, 11, 29, 10, 0, tzinfo=UTC)
HOOKS = ("patient-view", "order-select", "order-sign")
DIALECTS = ("american", "epic-like", "oracle-like", "european", "free-text")

_LISTS = ("conditions", "results", "procedures", "active", "history", "orders")
_TEXTS = ("says", "says_not", "sums_up", "suggests", "suggests_not", "offers", "offers_not")
_SCHEMA = schema_of(Path(__file__).with_name("story.schema.json").read_text("utf-8"))
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
    no_removal: tuple[str, ...] = ()
    removal_not_recommended: tuple[str, ...] = ()
    dialects: tuple[str, ...] = DIALECTS
    now: datetime = NOW
    unreadable: tuple[str, ...] = ()


def load_vignettes() -> tuple[Vignette, ...]:
    """All vignettes of all story files, in order. Raises StoryError, naming file, vignette and key."""
    paths = sorted(STORIES.glob("*.toml"))
    found = [vignette for path in paths for vignette in read_stories(text_of(path.read_bytes()), path.name)]
    titles = [vignette.title for vignette in found]
    doubled = sorted({title for title in titles if titles.count(title) > 1})
    if doubled:
        raise StoryError(f"two vignettes share a title: {doubled}")
    return tuple(found)


def read_stories(text: str, file: str = "the story") -> Iterator[Vignette]:
    """The vignettes of one file: a story without rows is one; with rows each row is one, added to the story."""
    told: list[dict[str, Any]] = []
    for story in _checked(text, file)["vignette"]:
        base = {key: value for key, value in story.items() if key != "row"}
        told += [_joined(base, row) for row in story.get("row", ())] or [base]
    lacking = [(story["title"], key) for story in told for key in ("hook", "expect") if key not in story]
    if lacking:
        said = {"hook": "is missing", "expect": "is missing (silence is [])"}
        raise StoryError("\n".join(f"{file}: {title}: {key}: {said[key]}" for title, key in lacking))
    yield from map(_vignette, told)


def _checked(text: str, file: str) -> dict[str, Any]:
    try:
        data = parsed(text, file)
    except DataFileError as error:
        raise StoryError(str(error)) from None
    faults = _SCHEMA.faults(data)
    if faults:
        raise StoryError("\n".join(f"{file}: {place(data, fault.path)}: {fault.problem}" for fault in faults))
    return data


def _joined(base: Entry, row: Entry) -> dict[str, Any]:
    """Lists of the record grow, the patient is changed, everything else is replaced."""
    joined = {**base, **row, "title": f"{base['title']}: {row['title']}"}
    for name in _LISTS:
        joined[name] = [*base.get(name, ()), *row.get(name, ())]
    joined["patient"] = {**base.get("patient", {}), **row.get("patient", {})}
    return joined


def _vignette(story: Entry) -> Vignette:
    expected = story["expect"]
    return Vignette(
        title=story["title"],
        hook=story["hook"],
        patient=story.get("patient", {}),
        entries={name: tuple(_named(entry) for entry in story.get(name, ())) for name in _LISTS},
        expect=None if expected == REFUSED else tuple(_card(card) for card in expected),
        labs=story.get("labs", ""),
        texts={key: _phrases(story.get(key, {})) for key in _TEXTS},
        each_says=tuple(story.get("each_says", ())),
        no_removal=tuple(story.get("no_removal", ())),
        removal_not_recommended=tuple(story.get("removal_not_recommended", ())),
        dialects=tuple(story.get("dialects", DIALECTS)),
        now=story.get("now", NOW),
        unreadable=tuple(story.get("unreadable", ())),
    )


def _named(entry: Any) -> Entry:
    return {"is": entry} if isinstance(entry, str) else dict(entry)


def _phrases(texts: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {topic: (said,) if isinstance(said, str) else tuple(said) for topic, said in texts.items()}


def _card(card: str) -> tuple[str, str]:
    topic, _, indicator = card.partition(" ")
    return topic, indicator
