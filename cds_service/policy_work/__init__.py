"""Work on a policy before it is in force: what holds on a day, and who would get another card under another policy.

What may live here: playing synthetic patients, stories and Bundles under two sets of data files, and telling what
differs. Nothing clinical is decided here, and nothing leaves the machine.
"""

from cds_service.policy_work.bundles import BundleError
from cds_service.policy_work.changes import Difference, difference
from cds_service.policy_work.document import as_csv, as_document, shown_document
from cds_service.policy_work.page import as_page
from cds_service.policy_work.remarks import NOT_SHOWN, critical_not_shown, site_remarks
from cds_service.policy_work.rows_in_force import Shown, in_force
from cds_service.policy_work.summary import in_words, no_forecast
from cds_service.policy_work.tables import print_difference, print_shown, terminal

__all__ = [
    "NOT_SHOWN",
    "BundleError",
    "Difference",
    "Shown",
    "as_csv",
    "as_document",
    "as_page",
    "critical_not_shown",
    "difference",
    "in_force",
    "in_words",
    "no_forecast",
    "print_difference",
    "print_shown",
    "shown_document",
    "site_remarks",
    "terminal",
]
