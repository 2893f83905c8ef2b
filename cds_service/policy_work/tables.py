"""A difference, or what is in force, as tables for the terminal.

What may live here: layout. What comes from files is shown as text and never as markup, and controls no terminal.
"""

from __future__ import annotations

from collections.abc import Iterable

from rich.box import SIMPLE
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from cds_service.policy_work.changes import Change, Difference
from cds_service.policy_work.page import shortened
from cds_service.policy_work.rows_in_force import Shown
from cds_service.policy_work.summary import Group, compared_files, groups, in_words, no_forecast, played
from hooks.cards import visible
from hooks.reasons import Dated

_IN_A_PIPE = 160
"""Columns where nobody sees the width of the terminal."""


def terminal() -> Console:
    """The terminal, or a pipe in which lines are wide enough to be read."""
    made = Console(highlight=False)
    return made if made.is_terminal else Console(highlight=False, width=_IN_A_PIPE)


def print_difference(to: Console, told: Difference) -> None:
    """Totals in words first; then who and which card, what differs in the files, and what was played."""
    for sentence in in_words(told):
        to.print(_cell(sentence), style="bold", soft_wrap=True)
    to.print(_cell(no_forecast(told)), soft_wrap=True)
    changed = groups(told, *(change for change in Change if change is not Change.WORDS))
    if changed:
        to.print(_table("Cards", ("Change", "Card", "How many", "Who"), map(_group, changed)))
    words = groups(told, Change.WORDS)
    if words:
        lines = ((group.topic, group.count, *map(shortened, group.example)) for group in words)
        names = ("Card", "How many", "Until now, for example", "New")
        to.print(_table("The same card with other words or offers", names, lines))
    _print_files(to, told)
    to.print(_cell(played(told)), soft_wrap=True)
    to.print(_cell(compared_files(told)), soft_wrap=True)
    for file, problem in told.unread.items():
        to.print(_cell(f"not played: {file}: {problem}"), style="red", soft_wrap=True)
    for title, said in told.failed.items():
        to.print(_cell(f"a story of yours does not hold: {title}: {said}"), style="red", soft_wrap=True)


def print_shown(to: Console, shown: Shown) -> None:
    """Numbers, then the rows of the drug rules, then those of the status cards."""
    numbers = (
        (row.key, row.says, "; ".join((row.value, *row.later)), str(row.since), row.source) for row in shown.numbers
    )
    title = f"Numbers in force on {shown.on}"
    to.print(_table(title, ("Number", "What it says", "Value", "Since", "Source"), numbers))
    drugs = (
        (
            f"{row.drug_class} {row.number}",
            row.topic or "no card",
            _indicators(row.indicators),
            " and ".join([*row.when, *(f"not {name}" for name in row.unless), *row.notes]) or "always",
            row.source,
        )
        for row in shown.drug_rules
    )
    to.print(_table("Drug rules, in the order in which they are read", _RULES, drugs))
    status = (
        ("", row.topic, _indicators(row.indicators), "; ".join(row.when), row.source) for row in shown.status_rules
    )
    to.print(_table("Status cards", _RULES, status))


_RULES = ("Row", "Card", "Indicator at each hook", "When", "Source")


def _print_files(to: Console, told: Difference) -> None:
    numbers = [
        (change.key, _dated(change.old), _dated(change.new), "; ".join(change.elsewhere)) for change in told.numbers
    ]
    if numbers:
        to.print(_table(f"Numbers, as of {told.on}", ("Number", "Until now", "New", "On other days"), numbers))
    entries = [
        (f"{change.file}: {change.where}", shortened(change.old) or "nothing", shortened(change.new) or "nothing")
        for change in told.entries
    ]
    if entries:
        to.print(_table("Rules, codes and texts", ("Where", "Until now", "New"), entries))
    if not numbers and not entries:
        to.print("The two policies are the same: no number, rule, code or text differs.")


def _dated(value: Dated | None) -> str:
    return f"{value.shown} (from {value.since} on; {value.source})" if value else "none"


def _group(group: Group) -> tuple[str, ...]:
    return group.change.value, group.card, group.count, "\n".join(group.names)


def _indicators(held: Iterable[tuple[str, str]]) -> str:
    return "\n".join(f"{hook}: {indicator or 'no card'}" for hook, indicator in held)


def _table(title: str, names: Iterable[str], lines: Iterable[Iterable[str]]) -> RenderableType:
    table = Table(title=_cell(title), title_justify="left", title_style="bold", box=SIMPLE, pad_edge=False)
    for name in names:
        table.add_column(name, overflow="fold")
    for line in lines:
        table.add_row(*map(_cell, line))
    return table


def _cell(text: str) -> Text:
    return Text("\n".join(map(visible, text.split("\n"))))
