"""A message of one's own, judged on the spot: no FHIR server, no card log, no token, no network.

What may live here: from pasted JSON of any usual shape to a CDS Hooks request, and its answer.
Nothing of it is stored or logged. Other rooms import what stands below: each module only when something of it is asked
for, as the list of examples needs nothing of the service.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cds_service.tryout.evaluate import Judged, Refusal, judge
    from cds_service.tryout.examples import Example, load_examples
    from cds_service.tryout.ordering import with_drafts
    from cds_service.tryout.reading import NotUnderstood, read_sent, without_tokens
    from cds_service.tryout.records import Entry, Records, only_of, patient_of, records_in
    from cds_service.tryout.searchsets import prefetch_of
    from cds_service.tryout.seen import Unknown, unknown_in
    from cds_service.tryout.shapes import HOOKS, Choice, Made, Maker

__all__ = [
    "HOOKS",
    "Choice",
    "Entry",
    "Example",
    "Judged",
    "Made",
    "Maker",
    "NotUnderstood",
    "Records",
    "Refusal",
    "Unknown",
    "judge",
    "load_examples",
    "only_of",
    "patient_of",
    "prefetch_of",
    "read_sent",
    "records_in",
    "unknown_in",
    "with_drafts",
    "without_tokens",
]

_MODULES = {
    "evaluate": "Judged Refusal judge",
    "examples": "Example load_examples",
    "ordering": "with_drafts",
    "reading": "NotUnderstood read_sent without_tokens",
    "records": "Entry Records only_of patient_of records_in",
    "searchsets": "prefetch_of",
    "seen": "Unknown unknown_in",
    "shapes": "HOOKS Choice Made Maker",
}
"""Where each of these names stands."""


def __getattr__(name: str) -> object:
    module = next((module for module, names in _MODULES.items() if name in names.split()), None)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{module}"), name)
