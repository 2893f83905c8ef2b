"""What makes advice the same: all that a card says and offers, and all of the record that may have brought it about.

What may live here: from a card and the record of its call to the parts whose hash stands for it. Two cards with the
same parts tell the same about the same; whoever has seen one of them has seen the other.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from typing import Any

import orjson

from fhir_mappings.drug_places import DRUG_TYPES
from fhir_mappings.fhir_json import as_text, resource_key
from hooks.card import Card
from hooks.cards import words_of
from hooks.chart import Chart

RULES = version("calciphylaxis-cds")
"""The version of the rules is that of the service."""
_DOSED = frozenset({"dosageInstruction", "dispenseRequest"})
"""What is often written only when an order is signed."""
_OF_THE_SERVER = frozenset({"meta"})
"""Versions: they change where nothing has."""
_GENERATED = "generated"
"""The status of a text that a server has made of the rest."""
_DRUG_ORDERS = frozenset({"", "MedicationRequest", *DRUG_TYPES})


@dataclass(frozen=True)
class SameAdvice:
    """The record of one call. `policy` is the version of the policy; the resources are as they were received.

    Results count by what the card says of them. Conditions, active orders and statements of the medication history
    (`record`) count whole, since a card quotes them cut; of the drafts all but those that are certainly of no drug of
    the rules.
    """

    chart: Chart
    policy: str
    record: Iterable[Any]
    drafts: Iterable[Any]

    def parts(self, card: Card, *, dosed: bool = True) -> tuple[str, ...]:
        """What stands for a card. Without `dosed`, as if its drafts had no dosage yet."""
        drafts = self._drafts if dosed else self._undosed_drafts
        return (card.topic, self.policy, RULES, *words_of(card), self._record, drafts)

    @cached_property
    def _record(self) -> str:
        unread = (repr(one).encode("utf-8", "surrogatepass") for one in self.chart.unreadable)
        return _digest([*_plain(self.record), *unread])

    @cached_property
    def _drafts(self) -> str:
        return _digest(_plain(self._judged_drafts))

    @cached_property
    def _undosed_drafts(self) -> str:
        return _digest(_plain(self._judged_drafts, _DOSED))

    @cached_property
    def _judged_drafts(self) -> list[Any]:
        read = (*self.chart.drafts, *self.chart.other_drafts)
        others = {draft.reference for draft in read if not draft.matches and draft.reference}
        others -= {draft.reference for draft in read if draft.matches}
        if self.chart.unread_drafts:
            # One of them may be of whatever drug.
            others = set()
        return [one for one in self.drafts if _may_order_a_drug(one) and resource_key(one) not in others]


def _may_order_a_drug(draft: Mapping[str, Any]) -> bool:
    """Also what does not say what it is, and what holds others: an order set."""
    return as_text(draft.get("resourceType")) in _DRUG_ORDERS or bool(draft.get("contained"))


def _plain(resources: Iterable[Any], without: frozenset[str] = frozenset()) -> Iterator[bytes]:
    """Each resource as text, whatever the order of its members."""
    for one in resources:
        yield _text(_told(one, _OF_THE_SERVER | without) if isinstance(one, dict) else one)


def _told(resource: Mapping[str, Any], left_out: frozenset[str]) -> dict[str, Any]:
    """All that it says of itself, without what a server makes of that."""
    text = resource.get("text")
    is_made = isinstance(text, dict) and text.get("status") == _GENERATED
    return {
        name: value for name, value in resource.items() if name not in left_out and not (is_made and name == "text")
    }


def _text(told: Any) -> bytes:
    """What is nested too deeply to be written is never the same."""
    try:
        return orjson.dumps(told, option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        return secrets.token_bytes(16)


def _digest(texts: Iterable[bytes]) -> str:
    """Of the texts in whatever order they came."""
    return hashlib.sha256(b"\x00".join(sorted(texts))).hexdigest()
