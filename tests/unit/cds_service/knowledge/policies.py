"""Files of site policies for the tests: what stands at the top of each, and what a test adds."""

from __future__ import annotations

from datetime import date
from typing import Any

from tests.unit.cds_service.cds_client import in_toml

DATES = {"approved": date(2026, 1, 10), "effective": date(2026, 1, 15), "review_by": date(2027, 1, 10)}
NORTHERN = """
[[threshold]]
name = "calcium_high"
from = 2026-02-01
value = 9.8
source = "the northern committee"

[[drug]]
drug_class = "calcium_product"
system = "https://north.example/drugs"
code = "CA-1"
name = "northern chalk"

[[wording]]
topic = "calcium-hypercalcaemia"
add = "Call the northern team: 1234."

[[override_reason]]
code = "northern-reason"
display = "A northern reason"
topics = ["calcium-hypercalcaemia"]
"""
"""A number, a drug, a sentence and a reason of a tenant's own; calcium products at high calcium give the card."""


def policy_file(tenant: str = "north", more: str = "", **changed: Any) -> str:
    """The file of one tenant; a change to None leaves the key out. Keys stand above the sections in `more`."""
    honest = {"tenant": tenant, "owner": "Dr Ana Silva, nephrology", "approver": "Dr Ben Okoro, informatics", **DATES}
    values = {name: value for name, value in (honest | changed).items() if value is not None}
    return "".join(f"{name} = {in_file(value)}\n" for name, value in values.items()) + more


def answered(*covers: str) -> str:
    """The section of the two people who answer for what could take a critical card away."""
    people = in_toml(["Ana Silva", "Ben Okoro"])
    return f'\n[critical_off]\npeople = {people}\ncovers = {in_toml([*covers])}\nreason = "looked up by both"\n'


def in_file(value: Any) -> str:
    """A value as TOML."""
    return value.isoformat() if isinstance(value, date) else in_toml(value)
