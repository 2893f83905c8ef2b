"""What was seen on a FHIR server, as frozen values.

What may live here: the findings and what follows from them without a further look. Nothing here names a patient but
the id that the caller gave.
"""

from __future__ import annotations

from dataclasses import dataclass

from cds_service.unknown_codes import UnknownCode, UnknownUnit
from fhir_mappings.forms import WITH_SYSTEMS

ESSENTIAL = ("patient", "conditions", "medications")
"""The queries without which an opened chart is answered 412, whatever else was read."""


@dataclass(frozen=True, slots=True)
class Tried:
    """One form of a look-up. `status` is None where no HTTP answer came; `problem` is "" when all went well.

    `found` counts what the query asks for, `total` the matches by the server's count, None where it did not say. An
    answer that is not `complete` held only part of the matches.
    """

    form: str
    status: int | None
    problem: str
    found: int
    total: int | None
    pages: int
    milliseconds: int
    complete: bool = True

    @property
    def answered(self) -> bool:
        """Did it bring an answer, whole or in part?"""
        return not self.problem or not self.complete


@dataclass(frozen=True, slots=True)
class LookedUp:
    """One query with its forms, in the order in which they were tried."""

    query: str
    what: str
    resource_type: str
    hooks: tuple[str, ...]
    tried: tuple[Tried, ...]

    @property
    def essential(self) -> bool:
        """Is nothing said without it?"""
        return self.query in ESSENTIAL

    @property
    def used(self) -> Tried | None:
        """The form that the service goes by; None where all have failed.

        It is the first that was answered; where that found nothing, the one with systems if that found something.
        """
        answered = [tried for tried in self.tried if tried.answered]
        first = next((tried for tried in answered if tried.form != WITH_SYSTEMS), None)
        if first is None or first.found:
            return first
        return next((tried for tried in answered if tried.form == WITH_SYSTEMS and tried.found), first)

    @property
    def overlooked(self) -> Tried | None:
        """A form that found something although the one that is used found nothing."""
        if self.used is None or self.used.found:
            return None
        return next((tried for tried in self.tried if tried.found), None)


@dataclass(frozen=True, slots=True)
class Unread:
    """How many records of a kind could not be used, for one reason."""

    what: str
    reason: str
    times: int


@dataclass(frozen=True, slots=True)
class Scope:
    """Whom the rules see: "adult" or "child", the dialysis status, what it rests on, the tier ("T0" … "possible")."""

    age: str
    dialysis: str
    rests_on: str
    tier: str


@dataclass(frozen=True, slots=True)
class Call:
    """What the service would answer to a call of one hook: the status, the cards (topic, indicator), and a sentence."""

    hook: str
    status: int
    cards: tuple[tuple[str, str], ...]
    says: str


@dataclass(frozen=True, slots=True)
class Draft:
    """Which cards (topics) a draft order of a drug class would raise at an order hook; or why it would be `refused`."""

    hook: str
    drug_class: str
    topics: tuple[str, ...]
    refused: str = ""


@dataclass(frozen=True, slots=True)
class PatientReport:
    """All that was seen for one patient. `lost` are references of orders that could not be read, `gaps` what the
    service could not read within its limits. `scope` is None where nothing can be said of the patient.
    """

    server: str
    patient: str
    looked_up: tuple[LookedUp, ...]
    survey: LookedUp
    unknown_codes: tuple[UnknownCode, ...]
    unknown_units: tuple[UnknownUnit, ...]
    unread: tuple[Unread, ...]
    lost: tuple[str, ...]
    gaps: tuple[tuple[str, str], ...]
    scope: Scope | None
    calls: tuple[Call, ...]
    drafts: tuple[Draft, ...]
    suspicions: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Could all that is essential be read, and would no call be refused?"""
        failed = any(one.essential and one.used is None for one in self.looked_up)
        return not failed and all(call.status == 200 for call in self.calls)

    @property
    def conclusion(self) -> str:
        """What would happen at a call, one sentence for each hook."""
        return "; ".join(f"{call.hook}: {call.says}" for call in self.calls)


@dataclass(frozen=True, slots=True)
class TypeFinding:
    """One resource type that we need: does the server declare it, and which of our search parameters does it not?"""

    resource_type: str
    declared: bool
    parameters: tuple[str, ...]
    undeclared: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ServerReport:
    """What a server says about itself, and ids of patients to try. `problem` is "" when its statement could be read."""

    server: str
    metadata: Tried
    fhir_version: str
    types: tuple[TypeFinding, ...]
    search: Tried
    patients: tuple[str, ...]

    @property
    def ok(self) -> bool:
        """Is it an R4 server, by its own word, that knows the types we need?"""
        return self.fhir_version.startswith("4.") and all(one.declared for one in self.types)

    @property
    def conclusion(self) -> str:
        """What to do next."""
        if self.metadata.problem:
            return (
                f"the server does not say what it can do ({self.metadata.problem}); ask for a patient by --patient ID"
            )
        if not self.ok:
            return "this is not the FHIR R4 server that we need"
        if self.patients:
            return f"go on with --patient {self.patients[0]}"
        why = self.search.problem or "it found none"
        return f"name a patient by --patient ID, from the EHR: a search for patients brought nothing ({why})"
