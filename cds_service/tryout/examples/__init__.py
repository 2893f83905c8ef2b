"""Made-up messages in the shapes of real EHRs, as files, and what each is answered.

What may live here: the files and their index. Nobody real is described; dates are tokens (see `demo.patients`), so that
no example ages.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.resources import files
from typing import Any

from cds_service.demo.patients import resolve_dates


@dataclass(frozen=True, slots=True)
class Example:
    """A message and how to try it: a `hook` and `drugs` to choose beside it, and what is to be seen then.

    `answer` is what comes: "hook", "status", and "topics" or the "field" of a refusal. `habits` are resource types that
    are not quite R4 here, as this EHR writes them.
    """

    name: str
    title: str
    see: str
    hook: str
    drugs: tuple[str, ...]
    habits: tuple[str, ...]
    answer: Mapping[str, Any]
    _stored: str

    def text(self, now: datetime) -> str:
        """The message as an EHR would send it today."""
        return resolve_dates(self._stored, now)


def load_examples() -> tuple[Example, ...]:
    """All examples, in the order of the index."""
    folder = files("cds_service.tryout.examples")
    index = json.loads(folder.joinpath("index.json").read_text(encoding="utf-8"))
    return tuple(
        Example(
            entry["name"],
            entry["title"],
            entry["see"],
            entry.get("hook", ""),
            tuple(entry.get("drugs", ())),
            tuple(entry.get("habits", ())),
            entry["answer"],
            folder.joinpath(f"{entry['name']}.json").read_text(encoding="utf-8"),
        )
        for entry in index["examples"]
    )
