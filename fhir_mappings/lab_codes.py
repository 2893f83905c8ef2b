"""Which analyte an Observation is of, by its codes.

What may live here: choosing among the codes of one Observation. Which codes there are stands in `labs.toml`.
"""

from __future__ import annotations

from fhir_mappings.code_systems import System, system_of
from fhir_mappings.fhir_json import Json, as_object, as_objects, as_text
from fhir_mappings.vocabulary import LabVocabulary


def analyte_code(holder: Json, labs: LabVocabulary) -> str | None:
    """The first code of a known analyte, "" when there is none, None when an excluded code rules the holder out.

    A code that is only shown gives way to one that is compared.
    """
    found = ""
    codings = as_object(holder.get("code")).get("coding")
    for coding in codings if isinstance(codings, list) else as_objects(codings):
        code = coding.get("code") if isinstance(coding, dict) else None
        # The code first: most codes are not in our vocabulary.
        if isinstance(code, str) and (code := code.strip()) in labs.telling:
            if system_of(coding.get("system")) is not System.LOINC:
                code = labs.own_code(coding.get("system"), code)
                if not code:
                    continue
            elif code in labs.excluded:
                return None
            found = code if not found or (found in labs.shown and code not in labs.shown) else found
    return found


def code_without_system(observation: Json, labs: LabVocabulary) -> str:
    """The first code of a known analyte that is of no system, or of one that we do not know; or ""."""
    for coding in as_objects(as_object(observation.get("code")).get("coding")):
        code = as_text(coding.get("code"))
        if code in labs.by_code and code not in labs.shown and system_of(coding.get("system")) is None:
            return code
    return ""


def knows(observation: Json, labs: LabVocabulary) -> bool:
    """Is there a code of an analyte that we know, excluded ones among them, on the Observation or on a component?"""
    holders = [observation, *as_objects(observation.get("component"))]
    return any(analyte_code(holder, labs) != "" for holder in holders)
