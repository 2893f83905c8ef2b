"""The patient's history as FHIR keeps it: what to ask for, and the periods that it tells of.

What may live here: reading FHIR resources of the past for the patient's course.
"""

from fhir_mappings.course.history import LOOK_BACK_DAYS, course_queries, past_orders, read_history

__all__ = [
    "LOOK_BACK_DAYS",
    "course_queries",
    "past_orders",
    "read_history",
]
