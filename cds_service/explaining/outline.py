"""The outline of an explanation: what a reader sees first, and the sections below it, in one order for all places.

What may live here: from an explanation as plain data, which has been checked, to the outline. Every text in it is plain
text: whoever shows it escapes it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cds_service.explaining.rows import Line, Row, facts_of, rows_of
from cds_service.explaining.words import MOMENTS, TIERS, Mark, counted, cut, joined, scored

Data = Mapping[str, Any]
_MOST_OF_REASON = 160
"""Characters of a reason on a closed fold."""


@dataclass(frozen=True, slots=True)
class Factor:
    """One risk factor with its points, and whether it gave them."""

    says: str
    points: int
    mark: Mark
    facts: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Section:
    """A part that is folded: `note` says in a few words what is inside. It has lines, or factors, or rows."""

    name: str
    title: str
    note: str
    lines: tuple[Line, ...] = ()
    factors: tuple[Factor, ...] = ()
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True, slots=True)
class Outline:
    """`headline` is read first, then whom the rules see (`patient`: a name and its lines), then what one opens.

    `reason` is what of the headline stands on the fold while it is closed.
    """

    moment: str
    reason: str
    headline: tuple[str, ...]
    cards: tuple[Data, ...]
    patient: tuple[tuple[str, tuple[Line, ...]], ...]
    sections: tuple[Section, ...]


def outline(data: Data) -> Outline:
    """The outline of an explanation."""
    return Outline(
        moment=f"{MOMENTS[data['hook']]} ({data['hook']}), {data['on']}",
        reason=cut(_reason(data), _MOST_OF_REASON),
        headline=tuple(data["headline"]),
        cards=tuple(data.get("cards", ())),
        patient=tuple(_patient(data)),
        sections=tuple(_sections(data)),
    )


def _reason(data: Data) -> str:
    """Which cards come, or that none may be told; where none comes, the sentence after that one: why."""
    first, *more = data["headline"]
    return str(first if data.get("cards") or data.get("refused") or not more else more[0])


def _patient(data: Data) -> Iterator[tuple[str, tuple[Line, ...]]]:
    patient = data.get("patient")
    if patient is None:
        return
    yield "Patient", (Line(f"{patient['age']}, {patient.get('sex', 'no sex recorded')}"),)
    yield "Dialysis", tuple(_dialysis(patient))
    if data.get("refused"):
        yield "Judged as", (Line(f"not judged: {data['refused']}"),)
    elif "tier" in data:
        yield "Judged as", (Line(TIERS[data["tier"]]),)


def _dialysis(patient: Data) -> Iterator[Line]:
    """The status, unless the first fact begins with it, and what shows it."""
    facts = facts_of(patient)
    if not facts or not facts[0].says.startswith(patient["dialysis"]):
        yield Line(patient["dialysis"])
    yield from facts


def _sections(data: Data) -> Iterator[Section]:
    if "patient" not in data:
        yield from _origins(data)
        return
    yield from _score(data)
    yield _signs(data)
    yield from _status(data)
    yield from _classes(data)
    yield from _not_asked(data)
    yield from _others(data)
    conditions = facts_of(data, "conditions")
    listed = counted(len(conditions), "entry", "entries") if conditions else "no entry"
    yield Section("conditions", "Problem list", listed, conditions)
    results, missing = (tuple(map(Line, data.get(name, ()))) for name in ("results", "missing"))
    yield Section("results", "Results used", str(len(results)) if results else "none", results)
    if missing:
        yield Section("missing", "Missing, too old or unreadable", _first(data["missing"]), missing)
    yield from _origins(data)


# ------------------------------------------------------------------ the patient
def _score(data: Data) -> Iterator[Section]:
    score = data.get("score")
    if score is None:
        return
    factors = tuple(
        Factor(one["says"], one["points"], scored(one["met"]), facts_of(one)) for one in score.get("factors", ())
    )
    open_ = sum(one.mark == scored(None) for one in factors)
    note = counted(score["points"], "point")
    if open_:
        note += f"; {open_} of {len(factors)} factors cannot be told"
    limits = "; ".join(f"{name} from {points} on" for name, points in score["limits"].items())
    told = f"Points say where to look; they are not validated. {limits[:1].upper()}{limits[1:]}."
    yield Section("score", "Risk points", note, (Line(told),), factors)


def _signs(data: Data) -> Section:
    signs = facts_of(data, "signs")
    if signs:
        number = f"{len(signs)} that {'counts' if len(signs) == 1 else 'count'} today"
        return Section("signs", "Skin signs", number, signs)
    asked = data.get("answers", {}).get("skin_sign", {})
    if asked.get("met", False) is None:
        return Section("signs", "Skin signs", "cannot be told", facts_of(asked))
    near = facts_of(asked) or (Line("no entry looks like one"),)
    return Section("signs", "Skin signs", "none that counts today", near)


# ------------------------------------------------------------------ the rules
def _status(data: Data) -> Iterator[Section]:
    rows = tuple(rows_of(data.get("status_rows", ()), data.get("answers", {})))
    if rows:
        title = "Status cards" if data["hook"] == "patient-view" else "Cards on what could not be read"
        yield Section("status", title, _verdict(rows), rows=rows)


def _verdict(rows: Sequence[Row]) -> str:
    """What the rows came to, in a few words: cards first, then what holds all the same, then what is open."""
    for tone in ("yes", "half", "open"):
        found = [row for row in rows if row.mark.tone == tone]
        if found:
            return f"{found[0].mark.word}: {joined(row.topic for row in found)}"
    return "no rule holds" if any(row.mark.tone == "no" for row in rows) else "not asked"


def _classes(data: Data) -> Iterator[Section]:
    for group in data.get("drug_classes", ()):
        if "not_asked" not in group:
            rows = tuple(rows_of(group.get("rows", ()), data.get("answers", {})))
            title = _capital(group["name"])
            yield Section(f"class-{group['drug_class']}", title, _verdict(rows), facts_of(group, "drugs"), rows=rows)


def _not_asked(data: Data) -> Iterator[Section]:
    groups = [group for group in data.get("drug_classes", ()) if "not_asked" in group]
    if groups:
        why = joined(group["not_asked"] for group in groups)
        lines = tuple(Line(f"{group['name']}{_named(group)}") for group in groups)
        yield Section("not-asked", "Drug classes not asked", f"{len(groups)}: {why}", lines)


def _named(group: Data) -> str:
    drugs = joined(fact["says"] for fact in group.get("drugs", ()))
    return f": {drugs}" if drugs else ""


def _others(data: Data) -> Iterator[Section]:
    others = facts_of(data, "other_drugs")
    if others:
        yield Section("others", "Drugs that no rule is about", str(len(others)), others)


# ------------------------------------------------------------------ the data
def _origins(data: Data) -> Iterator[Section]:
    """What came from the same place in one line, what was not available first."""
    origins = data.get("origins", ())
    if not origins:
        return
    lacking = [one for one in origins if one.get("failed")]
    grouped: dict[str, list[str]] = {}
    for one in origins:
        if not one.get("failed"):
            number = f" ({one['records']})" if one["records"] else ""
            grouped.setdefault(one["came"], []).append(f"{one['what']}{number}")
    lines = [Line(f"{one['what']}: {one['came']}", lacks=True) for one in lacking]
    lines += [Line(f"{_capital(came)}: {joined(what)}") for came, what in grouped.items()]
    note = counted(len(origins), "look-up")
    if lacking:
        note = f"of {note} {len(lacking)} failed or {'is' if len(lacking) == 1 else 'are'} not whole"
    yield Section("origins", "Where the data came from", note, tuple(lines))


def _first(texts: Sequence[str]) -> str:
    more = f"; and {len(texts) - 1} more" if len(texts) > 1 else ""
    return f"{texts[0]}{more}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
