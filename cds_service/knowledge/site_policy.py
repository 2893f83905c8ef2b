"""The policy of one tenant: its file, read and checked whole.

What may live here: the shape of such a file, its names and dates, and who answers for it. How it looks stands in
docs/site-policy.md; what it changes is put onto the packaged files in `fhir_mappings`, and judged there as a whole.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from cds_service.durable_files import told_name
from cds_service.knowledge.people import SO_IT_IS_TWO, is_whole, may_be_one
from cds_service.knowledge.switch_reading import further_problems
from fhir_mappings.data_faults import Path as Place
from fhir_mappings.data_faults import place
from fhir_mappings.data_files import DataFileError, Schema, parsed, schema_of, text_of
from fhir_mappings.packaged import PACKAGE_OF, default_policy, default_vocabulary, packaged_data
from fhir_mappings.site_changes import Changes
from fhir_mappings.site_codes import code_problems
from fhir_mappings.site_names import Names, name_problems, tables, unknown
from hooks import order_select, order_sign, patient_view

DEFAULT = "default"
"""The tenant of callers that are not known, and of those whose tenant has no policy of its own."""
SERVICES = (patient_view.ID, order_select.ID, order_sign.ID)


class SitePolicyError(ValueError):
    """A site policy cannot be used. The text names the file and every problem, one per line, with its key."""

    def __init__(self, file: str, problems: Iterable[str]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n  ".join([f"{told_name(file)}: the site policy cannot be used:", *self.problems]))


@dataclass(frozen=True, slots=True)
class SiteFacts:
    """Who answers for a site policy, and from when to when."""

    owner: str
    approver: str
    approved: date
    effective: date
    review_by: date

    def is_overdue(self, on: date) -> bool:
        """Should it have been reviewed before this day?"""
        return on > self.review_by


@dataclass(frozen=True, slots=True)
class SitePolicy:
    """One file: whose policy it is, what it changes in the data files, and all that it says (`document`)."""

    tenant: str
    facts: SiteFacts
    changes: Changes
    document: Mapping[str, Any]
    text: str


def load_site_policy(path: Path, today: date | None = None) -> SitePolicy:
    """Read and check the file, as `parse_site_policy` does. Raises SitePolicyError."""
    return parse_site_policy(site_text(path), path.name, today)


def site_text(path: Path) -> str:
    """The text of the file. Raises SitePolicyError where it cannot be read."""
    try:
        return text_of(path.read_bytes())
    except OSError as error:
        raise SitePolicyError(path.name, [f"cannot be read ({type(error).__name__})"]) from None


def override_reasons_in(folder: Path) -> dict[str, str]:
    """The words of the reasons against cards that the policies in a folder bring, by code. A faulty file has none."""
    found: dict[str, str] = {}
    for path in sorted(folder.glob("[!.]*.toml")):
        with suppress(SitePolicyError):
            said = load_site_policy(path).document.get("override_reason", ())
            found |= {one["code"]: one["display"] for one in said}
    return found


def parse_site_policy(text: str, name: str, today: date | None = None) -> SitePolicy:
    """The policy in this TOML text, its shape, names and dates checked; `name` is what errors call the file.

    `today` is the clinic's day: nobody can have approved anything later. None: a draft, whose approval may be to come.

    Raises:
        SitePolicyError: with every problem.
    """
    try:
        document = parsed(text, name)
    except DataFileError as error:
        raise SitePolicyError(name, [problem.removeprefix(f"{name}: ") for problem in error.problems]) from None
    faults = _schema().faults(document)
    faulty = {str(fault.path[0]) for fault in faults}
    sound = {name: value for name, value in document.items() if name not in faulty}
    found = [(fault.path, fault.problem) for fault in faults]
    found += name_problems(document, _names())
    found += code_problems(document, default_vocabulary())
    found += _service_problems(document)
    found += _date_problems(sound, today)
    found += _who_answers(sound)
    if found:
        told = [f"{place(document, path)}: {problem}" for path, problem in found]
        raise SitePolicyError(name, [*told, *_of_switches(sound, faulty)])
    facts = SiteFacts(**{key: document[key] for key in SiteFacts.__slots__})
    return SitePolicy(document["tenant"], facts, Changes.of(document), document, text)


def tenant_named(text: str) -> str:
    """The tenant that a text names, however faulty it is otherwise; "" where it names none."""
    try:
        document = parsed(text, "")
    except DataFileError:
        return ""
    faulty = any([*fault.path][:1] == ["tenant"] for fault in _schema().faults(document))
    return "" if faulty else str(document.get("tenant", ""))


@cache
def _schema() -> Schema:
    return schema_of(files("cds_service.schemas").joinpath("site_policy.json").read_text(encoding="utf-8"))


@cache
def _names() -> Names:
    return Names.of({name: packaged_data(name) for name in PACKAGE_OF})


def _of_switches(sound: Mapping[str, Any], faulty: Collection[str]) -> Iterator[str]:
    """What is wrong with the switches of a file that has other faults, too: all is told at once."""
    known = [one for one in sound.get("threshold", ()) if one["name"] in _names().thresholds]
    return further_problems({**sound, "threshold": known}, default_policy(), faulty)


def _service_problems(document: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    """Services that are switched, and that do not exist."""
    switched = document.get("services")
    for name in switched if isinstance(switched, dict) else ():
        if problem := unknown("service", name, SERVICES):
            yield ("services", name), problem
    for number, entry in tables(document, "shadow"):
        if problem := unknown("service", entry.get("service"), SERVICES):
            yield ("shadow", number, "service"), problem


def _who_answers(document: Mapping[str, Any]) -> Iterator[tuple[Place, str]]:
    """Both by their names; nobody approves what is their own."""
    names = {key: document[key] for key in ("owner", "approver") if key in document}
    for key, name in names.items():
        if not is_whole(name):
            yield (key,), "needs first name and surname of one person, such as Dr Ana Silva, nephrology"
    if len(names) > 1 and may_be_one(*names.values()):
        yield (
            ("approver",),
            f"must be somebody else than the owner ({names['owner']}): by these names it may be one person; write "
            f"{SO_IT_IS_TWO}",
        )


def _date_problems(document: Mapping[str, Any], today: date | None) -> Iterator[tuple[Place, str]]:
    approved = document.get("approved")
    if approved is None:
        return
    if today and approved > today:
        yield ("approved",), f"must not be after today ({today}): whoever approves it has not done so yet"
    for key in ("effective", "review_by"):
        if document.get(key, approved) < approved:
            yield (key,), f"must not be before approved ({approved})"
