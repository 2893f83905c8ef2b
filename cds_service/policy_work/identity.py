"""What was compared, so that it can be found again: the version of the service, and the data files by their hash.

What may live here: names and short hashes for a page that is kept. Nothing of a patient.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from hashlib import sha256
from importlib.metadata import version

from fhir_mappings.packaged import packaged_data
from fhir_mappings.policy_folder import PolicyFiles
from hooks.reasons import load_numbers

_DIGITS = 12


def service() -> str:
    """The service and its version."""
    return f"calciphylaxis-cds {version('calciphylaxis-cds')}"


def digest(files: PolicyFiles) -> str:
    """The first digits of a SHA-256 over all data files of a policy, the packaged ones among them."""
    whole = sha256()
    for name, text in sorted(files.texts.items()):
        content = text.encode("utf-8", "surrogateescape")
        whole.update(f"{name}.toml {len(content)}\n".encode() + content)
    return whole.hexdigest()[:_DIGITS]


def packaged_values(keys: Iterable[str], on: date) -> Mapping[str, str]:
    """The packaged value of each of these numbers on a day, in words; without those that ship under no such key."""
    shipped = load_numbers(packaged_data("thresholds"), packaged_data("reasons")["units"])
    return {key: shipped[key].on(on).shown for key in keys if key in shipped}
