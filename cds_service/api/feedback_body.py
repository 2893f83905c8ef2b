"""Feedback bodies to stored items.

What may live here: reading the three shapes of override reasons (1.x drafts, 2.0, 3.0) into one.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from cds_service.api.validation import FEEDBACK, InvalidField, check, without_nulls
from cds_service.storage import FeedbackItem


def parse_feedback(body: object) -> list[FeedbackItem]:
    """The items of a feedback request.

    Raises:
        InvalidField: naming the field that is missing or wrong.
    """
    meant = _as_meant(body)
    check(meant, FEEDBACK)
    items: list[Mapping[str, Any]] = meant["feedback"]
    return [_item(item, f"feedback[{number}]") for number, item in enumerate(items)]


def _as_meant(body: Any) -> Any:
    """The body without its members that are null, and without a reason of which nothing is left then."""
    if not isinstance(body, dict) or not isinstance(body.get("feedback"), list):
        return body
    return {**body, "feedback": [_item_as_meant(item) for item in body["feedback"]]}


def _item_as_meant(item: Any) -> Any:
    meant = without_nulls(item)
    sent = meant.get("overrideReason") if isinstance(meant, dict) else None
    if not isinstance(sent, dict) or not sent:
        return meant
    override = without_nulls(sent)
    if "reason" in override:
        override = {**override, "reason": _reason_as_meant(override["reason"])}
    others = {name: member for name, member in meant.items() if name != "overrideReason"}
    return {**others, "overrideReason": override} if override else others


def _reason_as_meant(reason: Any) -> Any:
    meant = without_nulls(reason)
    if isinstance(meant, dict) and isinstance(meant.get("coding"), list):
        return {**meant, "coding": [without_nulls(coding) for coding in meant["coding"]]}
    return meant


def _item(item: Mapping[str, Any], path: str) -> FeedbackItem:
    override = item.get("overrideReason") or {}
    reason = _coding(override.get("reason") or {})
    return FeedbackItem(
        card=item["card"],
        outcome=item["outcome"],
        outcome_timestamp=_timestamp(item["outcomeTimestamp"], f"{path}.outcomeTimestamp"),
        accepted_suggestions=tuple(accepted["id"] for accepted in item.get("acceptedSuggestions", ())),
        override_reason_code=reason.get("code"),
        override_reason_system=reason.get("system"),
        override_reason_display=reason.get("display"),
        user_comment=override.get("userComment"),
    )


def _coding(reason: Mapping[str, Any]) -> Mapping[str, Any]:
    """A Coding, or the first Coding of a CodeableConcept."""
    codings = reason.get("coding")
    return codings[0] if codings else reason


def _timestamp(text: str, path: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
        # In UTC, as it is stored: the first and last days of the calendar cannot be moved to every zone.
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidField(path, "must be a date and time such as 2026-11-22T16:36:30Z") from None
