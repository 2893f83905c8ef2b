"""The word lists of `conditions.toml`, compiled once for the readers of names, signs, dialysis, valves and the like.

What may live here: from phrases to patterns, and for the sake of which phrases a text is read (`screening.py`).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fhir_mappings.clauses import ReadingWords
from fhir_mappings.dialysis_words import DialysisWords
from fhir_mappings.folding import composed, fold, lower
from fhir_mappings.further_words import FurtherWords, Wording
from fhir_mappings.names import NameWords
from fhir_mappings.screening import Screen
from fhir_mappings.skin_words import Acral, LocalWound, OtherPlaces, SignWords, SkinWords, TextureWords
from fhir_mappings.valve_words import ValveWords
from fhir_mappings.vocabulary.phrases import NEVER, SPACE, WORD, any_of, near, one_of, spellings, up_to

_WITH_ACCENTS = "="

Table = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Words:
    """Every word list of the file, compiled."""

    names: NameWords
    skin: SkinWords
    dialysis: DialysisWords
    valves: ValveWords
    further: FurtherWords
    procedures: FurtherWords
    masked: frozenset[str]
    reading: ReadingWords

    def masks(self, text: str) -> bool:
        """Does the text say no more than that something is not told?"""
        return " ".join(fold(composed(text)).split()).strip(" .()[]") in self.masked


def parse_words(data: Table) -> Words:
    """The words of parsed `conditions.toml`, whose shape has been checked."""
    reading, common = _reading(data), frozenset(_phrases(data["reading"]["common"]))
    past = _phrases(data["past"]["words"])
    wordings = [(entry.get("kinds", ("condition",)), entry) for entry in data["words"]]
    return Words(
        names=_names(data, reading, common),
        skin=_skin(data, reading, common),
        dialysis=_dialysis(data, reading, common),
        valves=_valves(data["valve_words"], reading, common),
        further=_further([entry for kinds, entry in wordings if "condition" in kinds], past, reading, common),
        procedures=_further([entry for kinds, entry in wordings if "procedure" in kinds], past, reading, common),
        masked=frozenset(_phrases(data["masked"]["words"])),
        reading=reading,
    )


# ------------------------------------------------------------------ phrases
def _phrases(phrases: Iterable[str]) -> list[str]:
    """Every spelling of the phrases without letter case and accents; those that need their accents are left out."""
    plain = (phrase for phrase in phrases if not phrase.startswith(_WITH_ACCENTS))
    return [fold(composed(spelling)) for phrase in plain for spelling in spellings(phrase)]


def _any(phrases: Iterable[str]) -> re.Pattern[str]:
    return any_of(_phrases(phrases))


def _before(phrases: Iterable[str], within: int) -> re.Pattern[str]:
    """One of the phrases with at most `within` words between it and the end of what is searched."""
    return re.compile(rf"(?:{one_of(_phrases(phrases))})(?:{SPACE}{WORD}){{0,{within}}}(?:{SPACE})?\Z")


def _after(phrases: Iterable[str], within: int) -> re.Pattern[str]:
    """One of the phrases with at most `within` words between the beginning of what is searched and it."""
    return re.compile(rf"(?:{SPACE})?{up_to(within)}(?:{one_of(_phrases(phrases))})")


def _first(phrases: Iterable[str]) -> re.Pattern[str]:
    """One of the phrases at the beginning of a clause."""
    return re.compile(rf"[^\w?]*(?:{one_of(_phrases(phrases))})")


def _screen(phrases: Iterable[str], common: Collection[str]) -> Screen:
    return Screen.of(_phrases(phrase.removeprefix(_WITH_ACCENTS) for phrase in phrases), common)


def _near(entry: Table, alone: str) -> re.Pattern[str]:
    """The words of `alone` by themselves, or those of `near` and `of` close to each other."""
    sources = [one_of(_phrases(entry.get(alone, ())))]
    if "near" in entry:
        sources.append(near(_phrases(entry["near"]), _phrases(entry["of"]), entry["within"]))
    return re.compile("|".join(filter(None, sources)))


# ------------------------------------------------------------------ tables
def _reading(data: Table) -> ReadingWords:
    reading, denial, findings = data["reading"], data["denial"], data["denial_of_findings"]
    ends = one_of(_phrases(reading["clause_ends"]))
    return ReadingWords(
        # A point between digits ("2.5 cm") ends nothing.
        clause_end=re.compile(rf"[;:,]|\.(?!\d)|{ends}"),
        abbreviations=re.compile("|".join(map(_abbreviation, reading["abbreviations"]))),
        overlooked=_any(reading["overlooked"]),
        before=_any(denial["before"]),
        after=_any(denial["after"]),
        directly_after=_after(denial["directly_after"], 0),
        open=_any(denial["open"]),
        finding_before=_any(findings["before"]),
        finding_after=_any(findings["after"]),
        finding_next=_first(findings["next_clause"]),
    )


def _abbreviation(text: str) -> str:
    """ "V. a." in every way that people write it, with its full stops."""
    parts = [re.escape(part) for part in fold(composed(text)).replace(".", " ").split()]
    last = r"\.?" if text.endswith(".") else ""
    return r"(?<!\w)" + r"\.\s*".join(parts) + r"(?!\w)" + last


def _names(data: Table, reading: ReadingWords, common: Collection[str]) -> NameWords:
    table = data["calciphylaxis"]
    absent = "".join(rf"(?<!{re.escape(word)} )" for word in _phrases(table["present_not"]))
    short = frozenset(table["short_clause_only"])
    return NameWords(
        names=_any(table["names"]),
        screen=_screen(table["names"], common),
        denied_before=_before(data["denial"]["before"], table["denied_within"]),
        denied_next=_first(table["denied_by_next"]),
        history=_any(table["history"]),
        history_alone=re.compile(rf"\W*(?:{one_of(_phrases(table['history']))})\W*\Z"),
        over=_any(table["over"]),
        over_not=_before(table["over_not"], 2),
        over_of=_any(table["over_of"]),
        present=re.compile(rf"{absent}(?:{one_of(_phrases(table['present']))})"),
        provisional=_any(table["provisional"]),
        provisional_not=_any(table["provisional_not"]),
        provisional_next=_first(
            [phrase for phrase in table["provisional"] if phrase not in short]
            + [*table["questions"], *table["provisional_by_next"], *data["denial"]["open"]]
        ),
        short_next=_first(table["short_clause_only"]),
        questions=_any(table["questions"]),
        questions_before=_before(table["questions"], table["denied_within"]),
        reading=reading,
    )


def _skin(data: Table, reading: ReadingWords, common: Collection[str]) -> SkinWords:
    texture, places, acral, local = (
        data[key] for key in ("changed_skin_texture", "other_places", "acral", "local_wound")
    )
    tables = data["sign"]
    telling = [word for entry in tables for word in (*entry.get("alone", ()), *entry.get("near", ()))]
    return SkinWords(
        signs=tuple(map(_sign, tables)),
        screen=_screen((*telling, *texture["words"]), common),
        texture=TextureWords(texture["concept"], texture["otherwise"], _any(texture["words"])),
        other_places=OtherPlaces(_any(places["words"]), places["within"], _any(places["overlooked"])),
        acral=Acral(
            acral["concept"],
            _any(acral["words"]),
            _any(acral["places"]),
            _any(acral["arterial"]),
            acral["arterial_concept"],
        ),
        local_wound=LocalWound(
            local["concept"],
            frozenset(local["instead_of"]),
            _any(local["in_text"]),
            frozenset(local["on_the_foot"]),
            local["foot"],
        ),
        reading=reading,
    )


def _sign(entry: Table) -> SignWords:
    return SignWords(
        entry["concept"],
        _near(entry, "alone"),
        _any(entry.get("not_in_clause", ())),
        _any(entry.get("not_in_text", ())),
        frozenset(entry.get("not_beside", ())),
        frozenset(entry.get("steps_back_for", ())),
    )


def _dialysis(data: Table, reading: ReadingWords, common: Collection[str]) -> DialysisWords:
    table, denial = data["dialysis_words"], data["denial"]
    accented = [
        lower(composed(spelling))
        for word in table["dialysis"]
        if word.startswith(_WITH_ACCENTS)
        for spelling in spellings(word.removeprefix(_WITH_ACCENTS))
    ]
    within, directly = table["denied_within"], table["directly_before"]
    before = [word for word in denial["before"] if word not in directly] + table["before"]
    return DialysisWords(
        not_beside=frozenset(table["not_beside"]),
        kind_beside=frozenset(table["kind_beside"]),
        dialysis=_any(table["dialysis"]),
        dialysis_accented=any_of(accented),
        end_stage=_any(table["end_stage"]),
        screen=_screen((*table["dialysis"], *table["end_stage"]), common),
        haemodialysis=_any(table["haemodialysis"]),
        peritoneal=_any(table["peritoneal"]),
        before=_before(before, within),
        after=_after((*denial["after"], *table["after"]), within),
        directly_before=_before(directly, 0),
        inside=_any((*before, *directly)),
        overlooked=_any(table["overlooked"]),
        not_dialysed=_any(table["not_dialysed"]),
        transplanted=_any(table["transplanted"]),
        transplant_not=_any(table["transplant_not"]),
        reading=reading,
    )


def _valves(table: Table, reading: ReadingWords, common: Collection[str]) -> ValveWords:
    telling = (*table["mechanical"], *table["near"], *table["biological"], *table["replaced"])
    return ValveWords(
        mechanical=_near(table, "mechanical"),
        mechanical_beside=_near({**table, "within": table["within_beside"]}, "mechanical"),
        biological=_any(table["biological"]),
        replaced=_any(table["replaced"]),
        screen=_screen(telling, common),
        reading=reading,
    )


def _further(
    entries: Iterable[Table], past: Iterable[str], reading: ReadingWords, common: Collection[str]
) -> FurtherWords:
    taken_back = any_of(past)
    wordings = [
        Wording(
            tuple(entry["concepts"]),
            _any(entry["words"]),
            taken_back if entry.get("passes") else NEVER,
            _any(entry.get("not_in_text", ())),
            re.compile(rf"(?<!not )(?:{one_of(_phrases(entry['over']))})") if "over" in entry else NEVER,
        )
        for entry in entries
    ]
    return FurtherWords(
        tuple(wordings), _screen((word for entry in entries for word in entry["words"]), common), reading
    )
