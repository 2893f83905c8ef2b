"""The page for the committee that decides on a policy: one file without script that prints on two sheets.

What may live here: from a difference to HTML. How the page looks stands in its template.
"""

from __future__ import annotations

from functools import cache
from importlib import resources

from jinja2 import Environment, StrictUndefined, Template

from cds_service.policy_work.changes import Change, Difference
from cds_service.policy_work.identity import service
from cds_service.policy_work.summary import Group, groups, in_words, no_forecast, nobody, played, totals
from hooks.cards import visible

_LONGEST = 160
"""Characters of a changed text that are shown; the JSON document holds all of them."""

_HEADINGS = {
    Change.BECOMES: "Whose card becomes another one",
    Change.GAINS: "Who gains a card",
    Change.LOSES: "Who loses a card",
    Change.INDICATOR: "Whose card changes its indicator",
    Change.REFUSED: "Who is no longer judged",
    Change.JUDGED: "Who is judged now",
    Change.NEITHER: "Who is judged under neither policy",
}


def as_page(told: Difference, made_on: str) -> str:
    """The page as HTML; `made_on` is the day on which it was made, in words."""
    return _template().render(
        told=told,
        made_on=made_on,
        service=service(),
        summary=in_words(told),
        totals=len(totals(told)),
        no_forecast=no_forecast(told),
        nobody=nobody(told),
        begins=sorted({day for change in told.numbers for day in change.begins}),
        played=played(told),
        numbers=[change for change in told.numbers if change.old or change.new],
        chapters=_chapters(told),
        words=groups(told, Change.WORDS),
    )


def _chapters(told: Difference) -> list[tuple[str, list[Group]]]:
    """Gains and losses are always there: an empty list says that nobody does."""
    found = [(kind, heading, groups(told, kind)) for kind, heading in _HEADINGS.items()]
    return [(heading, held) for kind, heading, held in found if held or kind in (Change.GAINS, Change.LOSES)]


@cache
def _template() -> Template:
    made = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    made.filters["shown"] = visible
    made.filters["short"] = shortened
    source = resources.files("cds_service.policy_work").joinpath("templates", "committee.html")
    return made.from_string(source.read_text(encoding="utf-8"))


def shortened(text: str) -> str:
    """The beginning of a long text."""
    shown = visible(text)
    return shown if len(shown) <= _LONGEST else f"{shown[:_LONGEST]} …"
