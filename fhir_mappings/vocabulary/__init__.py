"""The vocabulary: codes, units, names and words in force, frozen and checked as a whole.

What may live here: reading the clinicians' data files of this package. What FHIR resources say is read elsewhere.
"""

from fhir_mappings.vocabulary.conditions import (
    CALCIPHYLAXIS,
    DIALYSIS_PROCEDURES,
    KINDS,
    MECHANICAL_VALVE,
    RESIDUAL,
    ConditionVocabulary,
)
from fhir_mappings.vocabulary.drugs import Codes, Drug, DrugVocabulary
from fhir_mappings.vocabulary.labs import AnalyteWords, LabVocabulary
from fhir_mappings.vocabulary.vocabulary import (
    Vocabulary,
    VocabularyError,
    load_vocabulary,
    vocabulary_problems,
)

__all__ = [
    "CALCIPHYLAXIS",
    "DIALYSIS_PROCEDURES",
    "KINDS",
    "MECHANICAL_VALVE",
    "RESIDUAL",
    "AnalyteWords",
    "Codes",
    "ConditionVocabulary",
    "Drug",
    "DrugVocabulary",
    "LabVocabulary",
    "Vocabulary",
    "VocabularyError",
    "load_vocabulary",
    "vocabulary_problems",
]
