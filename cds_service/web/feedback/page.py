"""What becomes of the cards: how many were shown, accepted, overridden and not answered. Counts only.

What may live here: the routes, and the answer as a page, CSV and JSON. No patient, no user and no comment is read.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

import orjson
from flask import Blueprint, Response, request

from cds_service.api import OVERRIDE_SYSTEM
from cds_service.reports import (
    COLUMNS,
    FEWEST,
    OUTCOMES,
    SILENT_DAYS,
    Report,
    Table,
    Withheld,
    as_records,
    in_one,
    named_for_all,
    plain,
    week_name,
)
from cds_service.storage import StoreError
from cds_service.web.context import PageContext
from cds_service.web.feedback.bars import bar_of
from cds_service.web.feedback.choice import Choice, Chooser, NoSuchChoice
from cds_service.web.feedback.entrance import let_in
from cds_service.web.feedback.kept import Busy
from cds_service.web.feedback.remarks import remarks_on
from cds_service.web.feedback.sections import SECTIONS, shown_value
from cds_service.web.page import page, problem

log = logging.getLogger("cds_service")

CANNOT_BE_READ = (
    "The database could not be read, so nothing is known of the cards: this does not mean that there were none."
)
WORDS = {"shown": "Shown", "accepted": "Accepted", "overridden": "Overridden", "unanswered": "Not answered"}


def feedback_page(context: PageContext) -> Blueprint:
    """The routes /feedback, /feedback.csv and /feedback.json."""
    routes = Blueprint("feedback", __name__)
    let_in(routes, context.settings)
    chooser = Chooser(context)

    def answered(answer: Callable[[Choice], Response]) -> Response:
        # A site policy may bring reasons of its own at any time.
        name = named_for_all(context.override_reasons(), OVERRIDE_SYSTEM)
        try:
            return answer(chooser.choose(request.args.get("quarter", ""), request.args.get("tenant", ""), name))
        except NoSuchChoice as error:
            return problem(404, "Nothing to show", str(error))
        except Busy:
            return _again("The counts are being made", "Somebody else has asked for them: look again in a moment.")
        except StoreError as error:
            log.error("the feedback page cannot be shown: %s", error)
            return _again("The counts cannot be read", CANNOT_BE_READ)

    @routes.get("/feedback")
    def opened() -> Response:
        return answered(lambda choice: _page(choice, context))

    @routes.get("/feedback.csv")
    def as_csv() -> Response:
        return answered(lambda choice: _file(_table(choice, context).csv(), "text/csv", choice, "csv"))

    @routes.get("/feedback.json")
    def as_json() -> Response:
        return answered(lambda choice: _file(_document(choice, context), "application/json", choice, "json"))

    return routes


def _page(choice: Choice, context: PageContext) -> Response:
    report, remarks = choice.report, remarks_on(choice.tenant, context)
    return page(
        "feedback/page.html",
        title="What becomes of the cards",
        choice=choice,
        report=report,
        zone=context.settings.timezone.key,
        at=_read_at(choice, context).strftime("%Y-%m-%d %H:%M"),
        columns=COLUMNS,
        outcomes=OUTCOMES,
        words=WORDS,
        fewest=FEWEST,
        # In place of what every other page says of all tenants.
        not_shown=lambda: remarks.not_shown,
        not_reviewed=remarks.not_reviewed,
        beside=choice.beside,
        sections=SECTIONS,
        silent_days=SILENT_DAYS,
        shown_value=shown_value,
        is_withheld=lambda number: isinstance(number, Withheld),
        week_name=week_name,
        bars={week: bar_of(row, report.weeks.values()) for week, row in report.weeks.items()} if report else {},
    )


def _read_at(choice: Choice, context: PageContext) -> datetime:
    return (choice.read_at or context.clock()).astimezone(context.settings.timezone)


def _table(choice: Choice, context: PageContext) -> Table:
    """The table that the address names; without a name that of the cards. With what is not shown now."""
    name = request.args.get("table", "")
    tables = {"": in_one(choice.report or Report.empty()), **choice.beside.tables}
    if name not in tables:
        raise NoSuchChoice("There is no such table.")
    remarks = remarks_on(choice.tenant, context)
    return tables[name].with_remarks([*remarks.not_shown, *remarks.not_reviewed])


def _document(choice: Choice, context: PageContext) -> bytes:
    remarks = remarks_on(choice.tenant, context)
    whole = {
        **remarks._asdict(),
        "counted": "cards, each once, with its latest answer, in the week in which it was shown",
        "read_at": _read_at(choice, context).isoformat(timespec="seconds"),
        "time_zone": context.settings.timezone.key,
        "quarter": choice.quarter.name if choice.quarter else None,
        "tenant": choice.tenant,
        "withheld": f"numbers from 1 to {FEWEST - 1}, and those from which they could be worked out",
        "answers_on_unknown_cards": choice.unknown,
        **as_records(choice.report or Report.empty()),
        "calls_answered": plain(choice.beside.answered),
        "calls_looked_at_for_unmapped_codes": plain(choice.beside.looked_at),
        "calls_with_codes_that_are_not_shown": plain(choice.beside.codes_not_shown),
        "silent_days": SILENT_DAYS,
        **{name.replace("-", "_"): table.records() for name, table in choice.beside.tables.items()},
    }
    return orjson.dumps(whole, option=orjson.OPT_INDENT_2)


def _file(body: str | bytes, kind: str, choice: Choice, ending: str) -> Response:
    response = Response(body, mimetype=kind)
    name = choice.quarter.name if choice.quarter else "none"
    response.headers["Content-Disposition"] = f'attachment; filename="cards-{name}.{ending}"'
    return response


def _again(title: str, what: str) -> Response:
    response = problem(503, title, what)
    response.headers["Retry-After"] = "5"
    return response
