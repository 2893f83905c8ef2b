"""Reviews of cards: a sample for people to judge, and what they judged, taken from their file.

What may live here: drawing, the file, and the check of it. Verdicts as events stand in `storage`, they are
counted in `reports`. Nothing here knows a patient or a user, and a remark of a reviewer is not read.
"""

from cds_service.review.drawing import Draw, Share, draw
from cds_service.review.entering import Entered, enter
from cds_service.review.reading import VERDICTS, Fault, Line, Sheet, read_sheet
from cds_service.review.sheet import Row, rows_of, sheet_of

__all__ = [
    "VERDICTS",
    "Draw",
    "Entered",
    "Fault",
    "Line",
    "Row",
    "Share",
    "Sheet",
    "draw",
    "enter",
    "read_sheet",
    "rows_of",
    "sheet_of",
]
