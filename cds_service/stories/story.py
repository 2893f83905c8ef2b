"""Vignettes as written: TOML files to frozen values.

What may live here: from files such as `told/*.toml`, whose format is `story.schema.json`, to vignettes. No FHIR.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from cds_service.stories.catalogue import unknown_words
from fhir_mappings.data_faults import place
from fhir_mappings.data_files import DataFileError, parsed, schema_of, text_of

Entry = Mapping[str, Any]

NOW = datetime(2026, 11, 29, 10, 0, tzinfo=UTC)
HOOKS = ("patient-view", "order-select", "order-sign")
DIALECTS = ("american", "epic-like", "oracle-like", "european", "free-text")

_LISTS = ("conditions", "results", "procedures", "active", "history", "orders")
_TEXTS = ("says", "says_not", "sums_up", "suggests", "suggests_not", "offers", "offers_not")
_SCHEMA = schema_of(resources.files("cds_service.stories").joinpath("story.schema.json").read_text("utf-8"))
REFUSED = "cannot judge"


class StoryError(ValueError):
    """Vignettes that are not written as docs/stories.md says; the text has one line per fault: file, vignette, key."""


@dataclass(frozen=True)
class Vignette:
    """One patient story and the exact cards expected: `expect` is None where the service must refuse to judge.

    `is_dated`: something in it stands on a day of its own (`now`, `born`, `at`), so that it cannot be told on another.
    """

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
    is_dated: bool = False

    def told_at(self, now: datetime) -> Vignette:
        """The same story at another moment, its days counted back from there; one that is dated stays where it is."""
        return self if self.is_dated else replace(self, now=now)


def load_vignettes(folder: Path | None = None) -> tuple[Vignette, ...]:
    """All vignettes of the story files of a folder, else of those that ship, in order. Raises StoryError."""
    return _loaded(folder) if folder else _shipped()


@cache
def _shipped() -> tuple[Vignette, ...]:
    return _loaded(resources.files("cds_service.stories").joinpath("told"))


def _loaded(place: Traversable) -> tuple[Vignette, ...]:
    found: list[Vignette] = []
    problems: list[str] = []
    for file in _story_files(place):
        try:
            found += read_stories(text_of(file.read_bytes()), file.name)
        except StoryError as error:
            problems += str(error).splitlines()
        except OSError as error:
            problems.append(f"{file.name}: cannot be read ({error.strerror})")
    times = Counter(vignette.title for vignette in found)
    problems += [f"two vignettes share the title {title}" for title in sorted(times) if times[title] > 1]
    if problems:
        raise StoryError("\n".join(problems))
    return tuple(found)


def _story_files(place: Traversable) -> list[Traversable]:
    """A folder without a story is a slip of whoever named it, not a folder whose stories all hold."""
    try:
        held = list(place.iterdir())
    except OSError as error:
        raise StoryError(f"{place.name}: cannot be read ({error.strerror})") from None
    files = [file for file in held if file.name.endswith(".toml") and not file.name.startswith(".")]
    if not files:
        raise StoryError(f"{place.name}: holds no story (*.toml)")
    return sorted(files, key=lambda file: file.name)


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
    vignettes = [_vignette(story) for story in told]
    unknown = [(one.title, line) for one in vignettes for line in unknown_words(one.entries, one.labs)]
    if unknown:
        raise StoryError("\n".join(f"{file}: {title}: {line}" for title, line in unknown))
    yield from vignettes


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
        is_dated=_is_dated(story),
    )


def _is_dated(story: Entry) -> bool:
    has_own_days = any(result.get("at") for result in story.get("results", ()))
    return "now" in story or bool(story.get("patient", {}).get("born")) or has_own_days


def _named(entry: Any) -> Entry:
    return {"is": entry} if isinstance(entry, str) else dict(entry)


def _phrases(texts: Mapping[str, Any]) -> dict[str, tuple[str, ...]]:
    return {topic: (said,) if isinstance(said, str) else tuple(said) for topic, said in texts.items()}


def _card(card: str) -> tuple[str, str]:
    topic, _, indicator = card.partition(" ")
    return topic, indicator
