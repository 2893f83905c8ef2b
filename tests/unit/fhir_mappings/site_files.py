"""A clinic's changes for the tests of this folder: what it adds to the packaged files, and what comes of it."""

from __future__ import annotations

from datetime import date
from typing import Any

from fhir_mappings.knowledge_files import read_knowledge
from fhir_mappings.packaged import PACKAGE_OF, packaged_text
from fhir_mappings.site_changes import Changes
from fhir_mappings.vocabulary import Vocabulary
from hooks.policy import Policy

TEXTS = {name: packaged_text(name) for name in PACKAGE_OF}
LAB, DRUGS, PROBLEMS = (f"https://clinic.example/{name}" for name in ("lab", "drugs", "problems"))


def changes(**sections: list[dict[str, Any]]) -> Changes:
    return Changes.of({"tenant": "north", "approved": date(2026, 11, 20), **sections})


def knowledge(**sections: list[dict[str, Any]]) -> tuple[Policy, Vocabulary]:
    return read_knowledge(TEXTS, changes=changes(**sections))
