"""The patient's course: the same rules, asked for every day of the past.

What may live here: series of results, periods of drugs and conditions, findings and evaluations by day.
"""

from hooks.course.course import Course, DrugLane, build_course
from hooks.course.evaluation import Evaluation, Outcome
from hooks.course.findings import FindingLane
from hooks.course.record import ConditionPeriod, End, History, MedicationPeriod, ProcedurePeriod
from hooks.course.series import CALCIUM, PRODUCT, USED_BY, Band, Corrected, Point, Series, Side

__all__ = [
    "CALCIUM",
    "PRODUCT",
    "USED_BY",
    "Band",
    "ConditionPeriod",
    "Corrected",
    "Course",
    "DrugLane",
    "End",
    "Evaluation",
    "FindingLane",
    "History",
    "MedicationPeriod",
    "Outcome",
    "Point",
    "ProcedurePeriod",
    "Series",
    "Side",
    "build_course",
]
