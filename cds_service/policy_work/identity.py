"""What was compared, so that it can be found again: the version of the service, and the data files by their hash.

What may live here: names and short hashes for a page that is kept. Nothing of a patient.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from importlib.metadata import version

from fhir_mappings.packaged import packaged_data
from hooks.reasons import load_numbers


def service() -> str:
    """The service and its version."""
    return f"calciphylaxis-cds {version('calciphylaxis-cds')}"


def packaged_values(keys: Iterable[str], on: date) -> Mapping[str, str]:
    """The packaged value of each of these numbers on a day, in words; without those that ship under no such key."""
    shipped = load_numbers(packaged_data("thresholds"), packaged_data("reasons")["units"])
    return {key: shipped[key].on(on).shown for key in keys if key in shipped}
