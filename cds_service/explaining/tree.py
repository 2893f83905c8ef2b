"""An explanation for a terminal: the same order and words as on the page, as a tree.

What may live here: layout. Texts are shown as they are, without what is not seen or would control the terminal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from cds_service.explaining.outline import Outline, Section, outline
from cds_service.explaining.rows import Line, Question, Row
from cds_service.explaining.words import ABOVE, KEEPS, NEVER, Mark, counted
from hooks.cards import plain

WIDTH = 80
"""The most columns: longer lines are hard to read."""
_MOST = 2_000
"""Characters of one line of an explanation."""
_STYLES = {"yes": "green", "no": "dim", "open": "yellow", "half": "yellow", "none": "dim"}
_INDICATORS = {"critical": "red", "warning": "yellow", "info": "cyan"}


def print_explanation(console: Console, data: Mapping[str, Any]) -> None:
    """Print an explanation as plain data: at a terminal in colour, in a pipe without."""
    told, width = outline(data), min(WIDTH, console.width)
    for number, sentence in enumerate(told.headline):
        console.print(Text(_line(sentence), style="" if number else "bold"), width=width)
    for part in (*_cards(told), _patient(told), *map(_section, told.sections)):
        console.print()
        console.print(part, width=width)


def _line(text: object) -> str:
    return plain(str(text), _MOST)


def _cards(told: Outline) -> Iterable[Tree]:
    if told.cards:
        tree = Tree(Text("Cards", style="bold"))
        for card in told.cards:
            head = (f"{_line(card['indicator']).upper():8} ", _INDICATORS.get(card["indicator"], ""))
            tree.add(Text.assemble(head, f"{_line(card['topic'])}: {_line(card['summary'])}"))
        yield tree


def _patient(told: Outline) -> Tree:
    tree = Tree(Text(_line(told.moment), style="bold"))
    for name, lines in told.patient:
        tree.add(Text(f"{name}: {'; '.join(_line(line.says) for line in lines)}"))
    return tree


def _section(section: Section) -> Tree:
    tree = Tree(Text.assemble((_line(section.title), "bold"), f" – {_line(section.note)}"))
    _add_lines(tree, section.lines)
    for factor in section.factors:
        points = counted(factor.points, "point")
        branch = tree.add(Text.assemble(_mark(factor.mark), f": {_line(factor.says)} ({points})"))
        _add_lines(branch, factor.facts)
    for row in section.rows:
        _add_row(tree, row)
    return tree


def _mark(mark: Mark) -> tuple[str, str]:
    return f"{mark.sign} {mark.word}", _STYLES[mark.tone]


def _add_lines(tree: Tree, lines: Iterable[Line]) -> None:
    for line in lines:
        how = f" [{_line(line.how)}]" if line.how else ""
        tree.add(Text(f"{'! ' if line.lacks else ''}{_line(line.says)}{how}", style="yellow" if line.lacks else ""))


def _add_row(tree: Tree, row: Row) -> None:
    apart = f": {_line(row.apart)}" if row.apart else ""
    topic = f" ({_line(row.topic)}{apart})" if row.topic else ""
    indicator = f", as {_line(row.indicator)}" if row.indicator else ""
    why = f": {_line(row.why)}" if row.why else ""
    branch = tree.add(Text.assemble((f"{_line(row.title)}{topic}", "bold"), " – ", _mark(row.mark), indicator, why))
    _add_lines(branch, row.facts)
    if row.names:
        branch.add(Text(_line(row.names), style="dim"))
    for question in row.questions:
        _add_question(branch, question)


def _add_question(tree: Tree, question: Question) -> None:
    never = f" ({NEVER})" if question.unless else ""
    text = Text.assemble(_mark(question.mark), f"{never}: {_line(question.says)}")
    if question.kept:
        text.append(f" <- {KEEPS}", style="yellow")
    if question.above:
        text.append(f" ({ABOVE})", style="dim")
    branch = tree.add(text)
    _add_lines(branch, question.facts)
    for part in question.parts:
        _add_question(branch, part)
