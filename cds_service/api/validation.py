"""Checking what clients send against the JSON schemas, compiled once at import.

What may live here: schemas to validators, members that are null, and the first problem in words that name the field
and echo no data.
"""

from __future__ import annotations

import json
from importlib.resources import files
from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError, best_match


class InvalidField(Exception):
    """A field of the body is missing or wrong; `path` names it ("context.patientId"), the text says how as well."""

    def __init__(self, path: str, problem: str) -> None:
        super().__init__(f"{path} {problem}")
        self.path = path


def _compiled(name: str) -> Draft202012Validator:
    schema = json.loads(files("cds_service.api.schemas").joinpath(name).read_text(encoding="utf-8"))
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def _resolved(schema: Any, definitions: dict[str, Any]) -> Any:
    """The schema with its references replaced by what they name, and `allOf` joined into one object."""
    if isinstance(schema, list):
        return [_resolved(item, definitions) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _resolved(definitions[schema["$ref"].removeprefix("#/$defs/")], definitions)
    own = {key: _resolved(value, definitions) for key, value in schema.items() if key != "allOf"}
    for part in _resolved(schema.get("allOf", []), definitions):
        own = _joined(part, own)
    return own


def _joined(first: Any, second: Any) -> Any:
    """What both ask for: objects member by member, lists (`required`) one after the other."""
    if isinstance(first, dict) and isinstance(second, dict):
        both = {key: _joined(first[key], second[key]) for key in first.keys() & second.keys()}
        return {**first, **second, **both}
    return [*first, *second] if isinstance(first, list) and isinstance(second, list) else second


def _by_hook(whole: Draft202012Validator) -> dict[str, Draft202012Validator]:
    """For each hook the schema of its requests alone, without branches and references: a third of the work."""
    schema: dict[str, Any] = {**whole.schema}  # type: ignore[dict-item]  # of a schema file, never true or false
    definitions, branches = schema.pop("$defs"), schema.pop("allOf")
    return {
        branch["if"]["properties"]["hook"]["const"]: Draft202012Validator(
            _resolved({**schema, "allOf": [branch["then"]]}, definitions)
        )
        for branch in branches
    }


_ERRORS_WEIGHED = 200
"""Of a list with thousands of faults not each is looked at to name one."""

REQUEST = _compiled("request.json")
FEEDBACK = _compiled("feedback.json")
_REQUEST_OF = _by_hook(REQUEST)


def without_nulls(value: Any) -> Any:
    """An object without its members that are null, as they mean the same as none; anything else as it is."""
    if not isinstance(value, dict) or None not in value.values():
        return value
    return {name: member for name, member in value.items() if member is not None}


def check(body: object, validator: Draft202012Validator) -> None:
    """Raise InvalidField for the most telling problem of the body, if there is any."""
    try:
        # is_valid stops at the first error, which is all that nearly every request needs.
        validator = _quicker(body) if validator is REQUEST else validator
        if validator.is_valid(body):
            return
        error = best_match(islice(validator.iter_errors(body), _ERRORS_WEIGHED))
    except RecursionError:
        # Describing an error quotes the value, which may be nested deeper than Python can follow.
        raise InvalidField("body", "is nested too deeply") from None
    raise InvalidField(*_in_words(error))


def _quicker(body: object) -> Draft202012Validator:
    """The validator that gives the same answer as REQUEST for this body."""
    hook = body.get("hook") if isinstance(body, dict) else None
    return _REQUEST_OF.get(hook, REQUEST) if isinstance(hook, str) else REQUEST


def _in_words(error: ValidationError | None) -> tuple[str, str]:
    if error is None:  # pragma: no cover - an invalid body has an error
        return "body", "is not valid"
    path = _dotted(list(error.absolute_path))
    match error.validator:
        case "required":
            instance: Any = error.instance
            missing = next(name for name in _names(error.validator_value) if name not in instance)
            return f"{path}.{missing}".removeprefix("body."), _with_wanted("is required", _schema_of(missing, error))
        case "dependentRequired":
            return "fhirServer", "is required when fhirAuthorization holds an access token"
        case "type":
            allowed: Any = error.validator_value
            of_type = f"must be of type {allowed if isinstance(allowed, str) else ' or '.join(allowed)}"
            return path, _with_wanted(of_type, error.schema)
        case "const" | "enum":
            return path, _wanted(error.schema) or f"must be one of: {_allowed(error)}"
        case "pattern":
            return path, _wanted(error.schema) or f"does not match {error.validator_value}".removesuffix(r"(?!\n)")
        case "minItems" | "minLength":
            return path, "must not be empty"
        case _:
            return path, "is not valid"


def _wanted(schema: Any) -> str:
    """How the schema wants this value, in words; "" where it does not say."""
    return str(schema.get("x-wanted", ""))


def _with_wanted(problem: str, schema: Any) -> str:
    wanted = _wanted(schema)
    return f"{problem}; it {wanted}" if wanted else problem


def _schema_of(member: str, error: ValidationError) -> Any:
    """What the schema says of a member that is missing."""
    parent: Any = error.schema
    return parent.get("properties", {}).get(member, {})


def _names(value: Any) -> list[str]:
    return list(value)


def _allowed(error: ValidationError) -> str:
    value: Any = error.validator_value
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _dotted(path: list[str | int]) -> str:
    dotted = ""
    for part in path:
        dotted += f"[{part}]" if isinstance(part, int) else f".{part}"
    return dotted.removeprefix(".") or "body"
