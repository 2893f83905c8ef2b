"""Codes and units on records that our vocabulary does not hold: for the doctor, the try page and the log.

What may live here: comparing records with the vocabulary, and what of a code may be shown.
"""

from cds_service.unknown_codes.findings import UnknownCode, UnknownUnit
from cds_service.unknown_codes.plain_codes import as_written, is_remark, plainly
from cds_service.unknown_codes.reading import CodeReading, each_once, unknown_units
from cds_service.unknown_codes.unmapped import Patient, Unmapped

__all__ = [
    "CodeReading",
    "Patient",
    "UnknownCode",
    "UnknownUnit",
    "Unmapped",
    "as_written",
    "each_once",
    "is_remark",
    "plainly",
    "unknown_units",
]
