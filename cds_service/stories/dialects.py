"""How five kinds of record system write the same patient.

What may live here: codes, units, dates and resource shapes that differ between dialects, as data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

SYSTEMS = {
    "rxnorm": "http://www.nlm.nih.gov/research/umls/rxnorm",
    "atc": "http://www.whocc.no/atc",
    "snomed": "http://snomed.info/sct",
    "icd10cm": "http://hl7.org/fhir/sid/icd-10-cm",
    "icd10": "http://hl7.org/fhir/sid/icd-10",
    "icd10gm": "http://fhir.de/CodeSystem/bfarm/icd-10-gm",
    "icd9": "http://hl7.org/fhir/sid/icd-9-cm",
    "icd11": "http://id.who.int/icd/entity",
    "cpt": "http://www.ama-assn.org/go/cpt",
    "loinc": "http://loinc.org",
    "ucum": "http://unitsofmeasure.org",
}
ALL = tuple(SYSTEMS)


@dataclass(frozen=True)
class Dialect:
    """One way of writing FHIR R4.

    `drugs`, `conditions`, `procedures` are the systems it takes from the catalogue: the first that an entry has, or all
    where `every_code`. `drug_shape` is "codeable", "reference" or "contained". `offset` shows dateTimes in that many
    hours from UTC; None writes dates only. `nothing` is how it says that a prefetch search found nothing. A `careless`
    dialect does not look at the status that a prefetch template asks for.
    """

    name: str
    drugs: tuple[str, ...]
    conditions: tuple[str, ...]
    procedures: tuple[str, ...]
    offset: float | None = 0
    drug_shape: str = "codeable"
    every_code: bool = False
    si_units: bool = False
    unit_as_text: bool = False
    undotted: bool = False
    period: bool = False
    local_codes: bool = False
    careless: bool = False
    nothing: Any = None
    dialysis: Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]] = field(default_factory=dict)

    def moment(self, now: datetime, days_ago: int) -> str:
        """A moment of the UTC day so many days before `now`, as this dialect writes it."""
        day = (now.astimezone(UTC) - timedelta(days=days_ago)).replace(hour=7, minute=30, second=0, microsecond=0)
        if days_ago == 0:
            day = day.replace(hour=0, minute=5)
        if self.offset is None:
            return day.date().isoformat()
        local = day.astimezone(timezone(timedelta(hours=self.offset)))
        return local.isoformat().replace("+00:00", "Z")

    def instant(self, now: datetime, days_ago: int) -> str:
        """The same with a time, for elements that need a time."""
        return self.moment(now, days_ago) if self.offset is not None else f"{self.moment(now, days_ago)}T12:00:00Z"


_PRESUMED = {"conditions": [{"is": "end-stage kidney disease", "days_ago": 700}]}
_CODED = {"conditions": [{"is": "dialysis dependence", "days_ago": 700}]}
EMPTY = {"resourceType": "Bundle", "type": "searchset", "total": 0}
"""A search that found nothing, as a Bundle."""


AMERICAN = Dialect(
    "american",
    drugs=("rxnorm", "atc"),
    conditions=("icd10cm", "snomed"),
    procedures=("snomed", "cpt"),
    dialysis={"haemodialysis": _CODED, "peritoneal dialysis": _CODED, "presumed": _PRESUMED},
)
EPIC_LIKE = Dialect(
    "epic-like",
    drugs=("rxnorm", "atc"),
    conditions=("snomed", "icd10cm"),
    procedures=("snomed", "cpt"),
    offset=-5,
    drug_shape="reference",
    every_code=True,
    local_codes=True,
    nothing=EMPTY,
    dialysis={
        "haemodialysis": {"procedures": [{"is": "haemodialysis", "days_ago": 2}], **_PRESUMED},
        "peritoneal dialysis": {
            "conditions": [{"snomed": "714152005", "text": "CKD stage 5 on dialysis", "days_ago": 500}],
        },
        "presumed": _PRESUMED,
    },
)
ORACLE_LIKE = Dialect(
    "oracle-like",
    drugs=("rxnorm", "atc"),
    conditions=("icd10cm", "snomed"),
    procedures=("cpt", "snomed"),
    drug_shape="contained",
    period=True,
    careless=True,
    nothing=EMPTY,
    dialysis={
        "haemodialysis": {"procedures": [{"is": "monthly dialysis service", "days_ago": 12}]},
        "peritoneal dialysis": {"active": [{"is": "peritoneal dialysis fluid", "days_ago": 300}]},
        "presumed": _PRESUMED,
    },
)
EUROPEAN = Dialect(
    "european",
    drugs=("atc", "snomed", "rxnorm"),
    conditions=("snomed", "icd10", "icd10cm"),
    procedures=("snomed", "cpt"),
    offset=1,
    si_units=True,
    dialysis={
        "haemodialysis": {"conditions": [{"snomed": "236435004", "text": "ESRF on dialysis", "days_ago": 900}]},
        "peritoneal dialysis": {"active": [{"is": "peritoneal dialysis fluid", "days_ago": 300}]},
        "presumed": _PRESUMED,
    },
)
FREE_TEXT = Dialect(
    "free-text",
    drugs=(),
    conditions=("icd10cm", "icd10", "snomed"),
    procedures=("snomed", "cpt"),
    offset=None,
    unit_as_text=True,
    undotted=True,
    dialysis={
        "haemodialysis": {"procedures": [{"is": "haemodialysis", "days_ago": 400, "status": "in-progress"}]},
        "peritoneal dialysis": {"procedures": [{"is": "peritoneal dialysis", "days_ago": 30}]},
        "presumed": _PRESUMED,
    },
)
DIALECTS = {dialect.name: dialect for dialect in (AMERICAN, EPIC_LIKE, ORACLE_LIKE, EUROPEAN, FREE_TEXT)}
