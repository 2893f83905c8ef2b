"""Reading the Medications and Substances that orders lead to, where they did not come along.

What may live here: which are asked for, how many, and what could not be had. What they mean is decided in
`fhir_mappings`.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from cds_service.fhir_client import FhirError, JsonObject, LookUp, Talk
from fhir_mappings.drug_places import is_path
from fhir_mappings.gathered import Gathered
from fhir_mappings.medication_history import references_of
from fhir_mappings.references import Shelf

log = logging.getLogger("cds_service")

MOST_MEDICATIONS = 50
"""How many are read for one request; an order whose drug is not read counts as unread, not as harmless."""

Orders = Sequence[Mapping[str, Any]]


class DrugReads:
    """The look-ups for one request, by address ("Medication/x"). Without a talk nothing is asked for, or lost.

    `shelf` holds what is at hand, and takes what was read.
    """

    def __init__(self, talk: Talk | None, shelf: Shelf) -> None:
        self.talk, self.shelf = talk, shelf
        self.read: dict[str, JsonObject] = {}
        self.wanted: dict[str, None] = {}
        self._orders: tuple[Orders, ...] = ()
        self._started: dict[str, LookUp[JsonObject]] = {}

    @property
    def lost(self) -> frozenset[str]:
        """What was wanted and could not be had, references that nobody can be asked for among them."""
        return frozenset(self.wanted) - self.read.keys()

    def addressed(self, base: str) -> dict[str, JsonObject]:
        """What was read, by its whole address on the server at this base."""
        return {f"{base}/{path}": resource for path, resource in self.read.items()}

    def start(self, *orders: Orders) -> None:
        """Start reading what these orders lead to, that of the first ones first; each once."""
        self._orders = orders
        if self.talk is None:
            return
        new: dict[str, None] = {}
        for some in orders:
            new |= dict.fromkeys(sorted(references_of(some, self.shelf) - self.wanted.keys() - new.keys()))
        started = len(self._started)
        readable = [wanted for wanted in new if is_path(wanted)]
        for path in readable[: MOST_MEDICATIONS - started]:
            if self.talk.deadline.reading() <= 0:
                break
            self._started[path] = self.talk.read(path)
        self.wanted |= new
        left_out = len(new) - (len(self._started) - started)
        if left_out:
            log.warning("%d of %d Medications that orders refer to were not asked for", left_out, len(new))

    def finish(self) -> None:
        """Wait for the answers, and read what the ingredients of these lead on to."""
        answered = 0
        while self.talk is not None and answered < len(self._started):
            for path, look_up in [*self._started.items()][answered:]:
                try:
                    self.read[path] = self.talk.answer(look_up)
                except FhirError:
                    continue
                self.shelf.put(self.read[path])
            answered = len(self._started)
            self.start(*self._orders)

    def go_on(self, entries: Orders, came: Iterable[Gathered]) -> None:
        """Read what these entries of the medication history lead to as well, as far as it did not come with them."""
        if not entries:
            return
        for resource in (one for gathered in came for one in gathered.resources):
            self.shelf.put(resource)
        self.start(*self._orders, entries)
        self.finish()
