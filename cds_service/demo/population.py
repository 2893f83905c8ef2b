"""A synthetic population on maintenance dialysis: who is in it, drawn from the numbers of `population.toml`.

What may live here: drawing the facts of a patient, and what counts as a quiet chart. The facts become FHIR resources in
`population_resources`. The same seed gives the same patients; no number of the population stands in this code.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import exp
from random import Random
from typing import Any

from cds_service.demo.patients import ID_PREFIX
from cds_service.demo.population_numbers import Numbers, numbers

INDICATIONS = ("mechanical_valve", "atrial_fibrillation", "venous_thromboembolism")
"""The conditions that decide about an anticoagulant, the first that a patient has."""
HALF_YEAR = 182


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the list of problems; without a code it stands there in words alone. Days count back from the call.

    `skin`: a sign on the skin, or a code under which one may hide; `past`: calciphylaxis, now or ever.
    """

    name: str
    text: str
    code: str
    recorded: int
    resolved: int | None = None
    skin: bool = False
    past: bool = False


@dataclass(frozen=True, slots=True)
class Drug:
    """One drug, ordered by its code or, where that is "", by its words alone."""

    name: str
    text: str
    rxnorm: str


@dataclass(frozen=True, slots=True)
class Value:
    """One result, so many days before the call."""

    name: str
    loinc: str
    text: str
    value: float
    unit: str
    days_ago: int


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is known of one synthetic patient. `shown` names how the chart shows the dialysis."""

    patient_id: str
    age: int
    sex: str
    modality: str
    shown: frozenset[str]
    entries: tuple[Entry, ...]
    drugs: tuple[Drug, ...]
    values: tuple[Value, ...]

    def newest(self, name: str) -> float | None:
        """The newest result of this name, however old; None without any."""
        found = [value for value in self.values if value.name == name]
        return min(found, key=lambda value: value.days_ago).value if found else None


# ------------------------------------------------------------------ drawing
def population(count: int, seed: int, table: Numbers | None = None) -> Iterator[Facts]:
    """So many patients; a patient depends on seed and number alone, not on how many there are."""
    for number in range(count):
        yield _patient(Random(f"{seed}:{number}"), f"{ID_PREFIX}{seed}-{number}", table or numbers())  # noqa: S311


def _patient(random: Random, patient_id: str, table: Numbers) -> Facts:
    age, sex = _amount(random, table["person"]["age"]), _choice(random, table, "sex")
    modality = _choice(random, table, "modality")
    entries = _entries(random, table)
    return Facts(
        patient_id=patient_id,
        age=int(age),
        sex=sex,
        modality=modality,
        shown=frozenset(name for name, way in table["shown"].items() if random.random() < way["share"]),
        entries=entries,
        drugs=_drugs(random, table, {entry.name for entry in entries}),
        values=tuple(_values(random, table, modality)),
    )


def _amount(random: Random, entry: Mapping[str, Any]) -> float:
    if "median" in entry:
        found = entry["median"] * exp(random.gauss(0, entry["log_sd"]))
    else:
        found = random.gauss(entry["mean"], entry["sd"])
    return _kept(found, entry)


def _kept(value: float, entry: Mapping[str, Any]) -> float:
    """Within what is possible, and as a laboratory rounds it."""
    return float(round(min(max(value, entry["lowest"]), entry["highest"]), entry["decimals"]))


def _choice(random: Random, table: Numbers, name: str) -> str:
    """One of the names of a choice, or "" for none of them."""
    drawn = random.random()
    for found, share in table["choice"][name]["shares"].items():
        drawn -= share
        if drawn < 0:
            return str(found)
    return ""


def _is_drawn(random: Random, entry: Mapping[str, Any], conditions: set[str]) -> bool:
    """Does this patient get the condition or drug? The draw is made in any case: others stay as they are."""
    drawn = random.random() < entry.get("share", 0)
    return drawn and ("among" not in entry or entry["among"] in conditions)


def _entries(random: Random, table: Numbers) -> tuple[Entry, ...]:
    found: list[Entry] = []
    for name, entry in table["condition"].items():
        if _is_drawn(random, entry, {known.name for known in found}):
            recorded = random.randint(1, entry["within_days"])
            over = random.random() < entry.get("resolved", 0)
            found.append(
                Entry(
                    name,
                    entry["text"],
                    entry["code"],
                    recorded,
                    random.randint(0, recorded) if over else None,
                    entry.get("skin", False),
                    entry.get("past", False),
                )
            )
    if random.random() < table["writing"]["words_in_free_text"]["share"]:
        words = random.choice(table["free_text"])
        found.append(Entry("free_text", words["text"], "", random.randint(0, 120), skin=words.get("skin", False)))
    return tuple(found)


def _drugs(random: Random, table: Numbers, conditions: set[str]) -> tuple[Drug, ...]:
    reason = next((name for name in INDICATIONS if name in conditions), "nothing_recorded")
    binder = _choice(random, table, "phosphate_binder")
    names = [
        _choice(random, table, f"anticoagulant_for_{reason}"),
        *(("calcium_acetate", "sevelamer") if binder == "both" else (binder,)),
        _choice(random, table, "active_vitamin_d"),
        *(name for name, entry in table["drug"].items() if _is_drawn(random, entry, conditions)),
    ]
    in_words = table["writing"]["drug_in_free_text"]["share"]
    return tuple(
        Drug(name, table["drug"][name]["text"], "" if random.random() < in_words else table["drug"][name]["rxnorm"])
        for name in names
        if name
    )


def _values(random: Random, table: Numbers, modality: str) -> Iterator[Value]:
    body_mass_index = 0.0
    for name, entry in table["result"].items():
        newest = _amount(random, entry)
        if name == "body_mass_index":
            body_mass_index = newest
        if random.random() < entry["missing"] or entry.get("modality", modality) != modality:
            continue
        days = random.randrange(entry["every_days"]) + (entry["old_days"] if random.random() < entry["old"] else 0)
        for time in range(entry["times"]):
            value = newest if time == 0 else _earlier(random, newest, entry)
            yield _value(name, entry, value, days + time * entry["every_days"])
    yield from _weights(random, table, body_mass_index)


def _earlier(random: Random, newest: float, entry: Mapping[str, Any]) -> float:
    apart = random.gauss(0, entry["within_sd"])
    return _kept(newest * exp(apart) if "median" in entry else newest + apart, entry)


def _weights(random: Random, table: Numbers, body_mass_index: float) -> Iterator[Value]:
    entry = table["weight"]
    height = _amount(random, table["person"]["height"])
    change = _amount(random, table["person"]["half_year_weight_change"])
    first = random.randrange(entry["every_days"])
    if random.random() < entry["missing"]:
        return
    newest = body_mass_index * height**2
    for time in range(entry["times"]):
        before = time * entry["every_days"]
        yield _value("weight", entry, round(newest - change * before / HALF_YEAR, 1), first + before)


def _value(name: str, entry: Mapping[str, Any], value: float, days_ago: int) -> Value:
    return Value(name, entry["loinc"], entry["text"], value, entry["unit"], days_ago)


# ------------------------------------------------------------------ quiet charts
def is_quiet(facts: Facts, table: Numbers | None = None) -> bool:
    """Is there nothing in the facts that asks for attention? Decided from what was drawn, never from the cards."""
    quiet = (table or numbers())["quiet"]
    if facts.modality != quiet["modality"] or any(entry.skin or entry.past for entry in facts.entries):
        return False
    if any(drug.name in quiet["no_drug"] for drug in facts.drugs):
        return False
    return all(_lies_within(facts.newest(name), *quiet[name]) for name in ("calcium", "phosphate", "pth"))


def _lies_within(value: float | None, lowest: float, highest: float) -> bool:
    return value is not None and lowest <= value <= highest
