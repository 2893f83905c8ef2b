"""Two policies to compare, and few patients to play."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from cds_service.knowledge import InForce, knowledge_of
from cds_service.policy_work.changes import Difference, compared
from cds_service.policy_work.patients import Source, moment_on, story_patients
from cds_service.settings import Settings
from cds_service.stories import read_stories
from fhir_mappings.packaged import PACKAGE_OF, packaged_text

ON = date(2026, 12, 5)

Change = tuple[str, str, str]
"""A data file by name, the words that stand there once, and those in their place."""
Changed = Callable[..., InForce]
Compared = Callable[..., Difference]

STORY = """
[[vignette]]
title = "{title}"
hook = "{hook}"
patient = {{ dialysis = "haemodialysis" }}
labs = "controlled"
{more}
expect = []
"""


def story(title: str, more: str, hook: str = "order-select") -> str:
    return STORY.format(title=title, hook=hook, more=more)


def write(folder: Path, *changes: Change) -> Path:
    """The changed files in this folder, laid out like the package."""
    texts: dict[str, str] = {}
    for name, old, new in changes:
        text = texts.get(name) or packaged_text(name)
        assert text.count(old) == 1, f"{old} stands once in {name}"
        texts[name] = text.replace(old, new)
    for name, text in texts.items():
        path = folder / PACKAGE_OF[name] / f"{name}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


@pytest.fixture(scope="session")
def packaged() -> InForce:
    return knowledge_of(None, Settings())


@pytest.fixture
def changed(tmp_path: Path) -> Changed:
    """The packaged policy with such changes."""

    def made(*changes: Change) -> InForce:
        return knowledge_of(write(tmp_path / "policy", *changes) if changes else None, Settings())

    return made


@pytest.fixture
def compare(packaged: InForce, changed: Changed) -> Compared:
    """What such changes bring to some stories."""

    def made(stories: str, *changes: Change, on: date = ON, source: Source = Source.STORY, **more: Any) -> Difference:
        now = moment_on(on, packaged.knowledge.zone)
        patients = list(story_patients(read_stories(stories), source, now)) if stories else []
        return compared(("packaged", packaged), ("ours", changed(*changes)), on, patients, **more)

    return made
