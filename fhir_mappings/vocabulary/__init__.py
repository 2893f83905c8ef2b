"""The vocabulary: codes, units, names and words in force, frozen and checked as a whole.

What may live here: reading the clinicians' data files of this package. What FHIR resources say is read elsewhere.
"""

from fhir_mappings.vocabulary.conditions import (
    CALCIPHYLAXIS,
    DIALYSIS_PROCEDURES,
    KINDS,
    RESIDUAL,
    SURGERY,
    VALVES,
    ConditionVocabulary,
)
from fhir_mappings.vocabulary.drug_words import UnreadWords
from fhir_mappings.vocabulary.drugs import Codes, Drug, DrugVocabulary, Silence
from fhir_mappings.vocabulary.labs import AnalyteWords, LabVocabulary, RangeWords
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
    "RESIDUAL",
    "SURGERY",
    "VALVES",
    "AnalyteWords",
    "Codes",
    "ConditionVocabulary",
    "Drug",
    "DrugVocabulary",
    "LabVocabulary",
    "RangeWords",
    "Silence",
    "UnreadWords",
    "Vocabulary",
    "VocabularyError",
    "load_vocabulary",
    "vocabulary_problems",
]
