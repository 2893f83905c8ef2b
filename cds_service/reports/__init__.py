"""Reports: cards shown, accepted, overridden and unanswered, per card, reason and week; events for an audit.

What may live here: counting what the storage holds, what is withheld of it, and its form as table, CSV, JSON, FHIR. No
patient and no user but by a pseudonym, and no comment comes in here.
"""

from cds_service.reports.audit_event import as_audit_event
from cds_service.reports.burden import Burden, Kinds, burdens
from cds_service.reports.for_many import TablesForMany, tables_for_many
from cds_service.reports.full_report import CODES_NOT_SHOWN, UNKNOWN_CALLERS, FullReport, full_report_of, said_of
from cds_service.reports.heads import HEADS, Head
from cds_service.reports.held import Held, held_of
from cds_service.reports.period import Period, period_of
from cds_service.reports.reading import Counted, counted_since, counts_of_weeks, days_of_the_log, events_of_weeks
from cds_service.reports.reasons import (
    COMMENT_ONLY,
    NO_LONGER,
    NO_REASON,
    NOT_OURS,
    code_for_all,
    is_ours,
    named_by_code,
    named_for_all,
)
from cds_service.reports.report import COLUMNS, OUTCOMES, Number, Report, Row, report_of
from cds_service.reports.sections import SECTIONS, Section
from cds_service.reports.silent import SILENT_DAYS, Silent, fallen_silent
from cds_service.reports.switchings import switchings_of
from cds_service.reports.tables import (
    REMARKS,
    OfHundred,
    Table,
    Value,
    as_records,
    by_card,
    by_reason,
    by_week,
    in_one,
    plain,
)
from cds_service.reports.weeks import Quarter, bounds, start_of, week_name, week_of, weeks_from
from cds_service.reports.withholding import FEWEST, Withheld, told

__all__ = [
    "CODES_NOT_SHOWN",
    "COLUMNS",
    "COMMENT_ONLY",
    "FEWEST",
    "HEADS",
    "NOT_OURS",
    "NO_LONGER",
    "NO_REASON",
    "OUTCOMES",
    "REMARKS",
    "SECTIONS",
    "SILENT_DAYS",
    "UNKNOWN_CALLERS",
    "Burden",
    "Counted",
    "FullReport",
    "Head",
    "Held",
    "Kinds",
    "Number",
    "OfHundred",
    "Period",
    "Quarter",
    "Report",
    "Row",
    "Section",
    "Silent",
    "Table",
    "TablesForMany",
    "Value",
    "Withheld",
    "as_audit_event",
    "as_records",
    "bounds",
    "burdens",
    "by_card",
    "by_reason",
    "by_week",
    "code_for_all",
    "counted_since",
    "counts_of_weeks",
    "days_of_the_log",
    "events_of_weeks",
    "fallen_silent",
    "full_report_of",
    "held_of",
    "in_one",
    "is_ours",
    "named_by_code",
    "named_for_all",
    "period_of",
    "plain",
    "report_of",
    "said_of",
    "start_of",
    "switchings_of",
    "tables_for_many",
    "told",
    "week_name",
    "week_of",
    "weeks_from",
]
