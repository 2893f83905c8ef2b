"""The rows of an explanation, each with what became of it and the questions that it asked.

What may live here: putting the answers where a row names them. What one rests on is told once in each group of rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from cds_service.explaining.words import (
    ABOVE,
    DO_NOT_HOLD,
    NEVER,
    Mark,
    answered,
    became,
    counted,
    in_few_words,
    tallied,
)

Data = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """One line in words; `how` tells by which code an entry was known, `lacks` that something was not available."""

    says: str
    how: str = ""
    lacks: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """A question with its answer. `kept` marks those that kept the row from holding.

    `unless` marks those that must not be so, `above` those whose facts and parts were told further up.
    """

    mark: Mark
    says: str
    facts: tuple[Line, ...] = ()
    parts: tuple[Question, ...] = ()
    unless: bool = False
    kept: bool = False
    above: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """One rule, told with its questions; or several in one line, then `names` counts their topics.

    `apart` tells a rule from the others of its topic, `facts` are those of the question in `why`.
    """

    topic: str
    title: str
    mark: Mark
    why: str = ""
    indicator: str = ""
    questions: tuple[Question, ...] = ()
    apart: str = ""
    facts: tuple[Line, ...] = ()
    names: str = ""


def facts_of(holder: Data, name: str = "facts") -> tuple[Line, ...]:
    """The facts of an answer, or of whatever has some."""
    return tuple(Line(fact["says"], _how(fact)) for fact in holder.get(name, ()))


def _how(fact: Data) -> str:
    """The code, where the words do not hold it already; that of a result has no system."""
    how = str(fact.get("how", ""))
    if how in fact["says"]:
        return ""
    return f"code {how}" if "result" in fact else how


def rows_of(rows: Iterable[Data], answers: Data) -> Iterator[Row]:
    """The rows that tell something, in their order; below them those that do not hold, one line for each reason.

    Several that were not asked for one reason are one line, too.
    """
    rows, told = list(rows), set[str]()
    apart = [_apart(row, [one for one in rows if one["topic"] == row["topic"]], answers) for row in rows]
    telling: list[tuple[Data, str]] = []
    folded: dict[tuple[str, bool], list[tuple[Data, str]]] = {}
    for row, words in zip(rows, apart, strict=True):
        place = telling if _tells(row, answers) else folded.setdefault(_kept_first(row), [])
        place.append((row, words))
    for why, group in groupby(telling, lambda pair: _not_asked_because(pair[0])):
        if why is None:
            yield from (_row(row, words, answers, told) for row, words in group)
        else:
            yield _together([*group], why, became("not asked"))
    for (name, unless), pairs in folded.items():
        yield _folded(pairs, answers[name], told, unless=unless)


def _apart(row: Data, same: list[Data], answers: Data) -> str:
    """What this row asks and no other of its topic does; where there is no such question, what not all of them ask."""
    asked = Counter(name for one in same for name in one.get("when", ()))
    mine = row.get("when", ())
    own = [name for name in mine if asked[name] == 1] or [name for name in mine if asked[name] < len(same)]
    return "; ".join(in_few_words(answers[name]["says"]) for name in own) if len(same) > 1 else ""


def _tells(row: Data, answers: Data) -> bool:
    """Whether a reader wants its questions: it holds, or may hold, or one question with facts alone kept it."""
    kept = row.get("kept_by", ())
    if became(row["outcome"]).tone != "no" or not kept:
        return True
    return len(kept) == 1 and bool(answers[kept[0]].get("facts"))


def _kept_first(row: Data) -> tuple[str, bool]:
    """The question that kept it first, and whether it must not be so."""
    first = row["kept_by"][0]
    return first, first in row.get("unless", ())


def _not_asked_because(row: Data) -> str | None:
    return row.get("why", "") if became(row["outcome"]).tone == "none" else None


def _together(pairs: list[tuple[Data, str]], why: str, mark: Mark, facts: tuple[Line, ...] = ()) -> Row:
    """Rules in one line; a single one keeps its name."""
    if len(pairs) == 1:
        ((row, words),) = pairs
        return Row(row["topic"], row["title"], became(row["outcome"]), why, apart=words, facts=facts)
    return Row("", counted(len(pairs), "rule"), mark, why, facts=facts, names=tallied(row["topic"] for row, _ in pairs))


def _folded(pairs: list[tuple[Data, str]], answer: Data, told: set[str], *, unless: bool) -> Row:
    """Rules that one question kept from holding."""
    facts, never = facts_of(answer), f" ({NEVER})" if unless else ""
    above = f" ({ABOVE})" if facts and answer["name"] in told else ""
    why = f"{answer['says']}: {answered(answer['met']).word}{never}{above}"
    return _together(pairs, why, DO_NOT_HOLD, () if above else facts)


def _row(row: Data, apart: str, answers: Data, told: set[str]) -> Row:
    kept = row.get("kept_by", ())
    questions = [
        _question(name, answers, told, kept=name in kept, unless=unless)
        for names, unless in ((row.get("when", ()), False), (row.get("unless", ()), True))
        for name in names
    ]
    mark = became(row["outcome"])
    return Row(row["topic"], row["title"], mark, row.get("why", ""), row.get("indicator", ""), tuple(questions), apart)


def _question(name: str, answers: Data, told: set[str], *, kept: bool = False, unless: bool = False) -> Question:
    """With its facts and parts where it stands here first."""
    answer, first = answers[name], name not in told
    told.add(name)
    parts = tuple(_question(part, answers, told) for part in answer.get("parts", ())) if first else ()
    above = not first and bool(answer.get("parts") or answer.get("facts"))
    facts = facts_of(answer) if first else ()
    return Question(answered(answer["met"]), answer["says"], facts, parts, unless, kept, above)
