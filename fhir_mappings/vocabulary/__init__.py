"""The vocabulary: codes, units, names and words in force, frozen and checked as a whole.

What may live here: reading the clinicians' data files of this package. What FHIR resources say is read elsewhere.
"""

from fhir_mappings.vocabulary.vocabulary import Vocabulary, VocabularyError, default_vocabulary, load_vocabulary

__all__ = ["Vocabulary", "VocabularyError", "default_vocabulary", "load_vocabulary"]
