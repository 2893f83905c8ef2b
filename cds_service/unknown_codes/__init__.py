"""Codes and units on records that our vocabulary does not hold: for the doctor and the try page.

What may live here: comparing records with the vocabulary, and what of a code may be shown.
"""

from cds_service.unknown_codes.findings import UnknownCode, UnknownUnit
from cds_service.unknown_codes.reading import CodeReading, each_once, unknown_units

__all__ = ["CodeReading", "UnknownCode", "UnknownUnit", "each_once", "unknown_units"]
