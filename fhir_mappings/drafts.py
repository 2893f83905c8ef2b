"""Draft orders: which entries of `context.draftOrders` are to be judged.

What may live here: the choice of orders by type, status and selection. What they order is read elsewhere.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from fhir_mappings.fhir_json import Json, as_object, as_objects, as_text
from fhir_mappings.references import Contained, Name, name_of, names_of

NOT_ORDERED = frozenset({"stopped", "cancelled", "completed", "entered-in-error"})
ORDER_SETS = frozenset({"RequestGroup", "CarePlan", "RequestOrchestration"})


@dataclass(frozen=True, slots=True)
class _Draft:
    """An entry of the Bundle, or (`inside`: the place of its order set among the drafts) contained in one.

    `is_lost`: the entry does not say what it is; it may have been an order of any drug.
    """

    resource: Json
    names: tuple[Name, ...]
    inside: int | None = None
    is_lost: bool = False

    @property
    def is_set(self) -> bool:
        return _is_set(self.resource)


class Orders(NamedTuple):
    """The draft MedicationRequests in their order: those to be judged, and the others that stand beside them."""

    judged: tuple[Json, ...]
    others: tuple[Json, ...]


def split_orders(draft_orders: Mapping[str, Any], selections: Sequence[str] | None) -> Orders:
    """The draft MedicationRequests, those contained in order sets among them: which are judged, which are not.

    Left out: other resource types, orders that are stopped, cancelled, completed or entered in error, and orders *not*
    to give something. With `selections` (order-select) only those named there, in any spelling of the id or of the
    entry's fullUrl, or through a selected order set; where they name none of the drafts, and with None (order-sign),
    all. Order screens ask before a drug is picked: while drugs are selected, a draft with nothing where its drug is
    named is no order yet. What is signed is one, whatever it says, and so is an entry that does not say what it is.
    """
    drafts = _drafts(draft_orders)
    chosen = range(len(drafts)) if selections is None else _selected(drafts, selections)
    judged: list[Json] = []
    others: list[Json] = []
    for place, draft in enumerate(drafts):
        if _is_ordered(draft.resource) and (selections is None or draft.is_lost or _has_drug(draft.resource)):
            (judged if place in chosen else others).append(draft.resource)
    return Orders(tuple(judged), tuple(others))


def not_judged(draft_orders: Mapping[str, Any]) -> Counter[str]:
    """Why drafts are not judged, in words, each reason with the number of drafts; order sets are not counted."""
    return Counter(_why_not(draft.resource) for draft in _drafts(draft_orders) if not draft.is_set)


def _why_not(order: Json) -> str:
    if order.get("resourceType") != "MedicationRequest":
        return "no drug order"
    if as_text(order.get("status")).lower() in NOT_ORDERED:
        return "stopped, cancelled, completed or entered in error"
    if order.get("doNotPerform") is True:
        return 'marked "do not perform"'
    return "not selected, or without a drug"


def naming(draft_orders: Mapping[str, Any]) -> Callable[[str], bool]:
    """Whether a selection names any of these drafts, in any spelling; made once for all selections."""
    index = _Index(_drafts(draft_orders))
    return lambda selection: index.has(name_of(selection))


def drafts_in(draft_orders: Mapping[str, Any]) -> int:
    """How many drafts there are at most: the entries, and what order sets among them contain."""
    entries = as_objects(as_object(draft_orders).get("entry"))
    held = [as_object(entry.get("resource", entry)) for entry in entries]
    return len(held) + sum(len(as_objects(one.get("contained"))) for one in held if _is_set(one))


def _is_set(resource: Json) -> bool:
    return as_text(resource.get("resourceType")) in ORDER_SETS


def _is_ordered(order: Json) -> bool:
    return (
        order.get("resourceType") == "MedicationRequest"
        and as_text(order.get("status")).lower() not in NOT_ORDERED
        and order.get("doNotPerform") is not True
    )


def _has_drug(order: Json) -> bool:
    """Is there anything where the drug is named, be it only the reason why it is not?"""
    return any(value for key, value in order.items() if key.lstrip("_").startswith("medication"))


def _drafts(draft_orders: Mapping[str, Any]) -> list[_Draft]:
    drafts: list[_Draft] = []
    entries = as_object(draft_orders).get("entry")
    for entry in entries if isinstance(entries, list) else as_objects(entries):
        holder, place = as_object(entry), len(drafts)
        # Hand-written clients leave the entry around a resource out.
        resource = as_object(holder.get("resource", holder))
        is_lost = bool(entry) and not as_text(resource.get("resourceType"))
        if is_lost:
            resource = {**resource, "resourceType": "MedicationRequest"}
        drafts.append(_Draft(resource, tuple(names_of(resource, holder.get("fullUrl"))), is_lost=is_lost))
        if drafts[place].is_set:
            beside = Contained(resource.get("contained"))
            drafts += [_Draft(_lifted(order, resource, beside), tuple(names_of(order)), place) for order in beside]
    return drafts


def _lifted(order: Json, holder: Json, beside: Contained) -> Json:
    """An order out of its order set: it has no address of its own, and refers to what is contained beside it."""
    own = {key: value for key, value in order.items() if key != "id"}
    subject = {"subject": holder["subject"]} if "subject" in holder and not own.get("subject") else {}
    return {**own, **subject, "contained": beside}


def _selected(drafts: list[_Draft], selections: Sequence[str]) -> Container[int]:
    """The places of the drafts that are named; all of them where selections are made and none names a draft."""
    if not selections:
        return ()
    chosen = _chosen(drafts, [name_of(selection) for selection in selections if as_text(selection)])
    return chosen if any(not drafts[place].is_set for place in chosen) else range(len(drafts))


def _chosen(drafts: list[_Draft], wanted: list[Name]) -> set[int]:
    """The places of the drafts that are named, directly or through order sets."""
    index = _Index(drafts)
    chosen: set[int] = set()
    while wanted:
        new = {place for name in wanted for place in index.named(name)} - chosen
        chosen |= new
        sets = [place for place in new if drafts[place].is_set]
        chosen.update(place for holder in sets for place in index.inside.get(holder, ()))
        wanted = [name for place in sets for name in _references(drafts[place].resource)]
    return chosen


class _Places:
    """Places by name. Bundles can be long, and so can lists of selections: nothing is looked through twice."""

    def __init__(self) -> None:
        self._of_kind: dict[Name, list[int]] = {}
        self._of_any: dict[str, list[int]] = {}
        self._asked: set[Name] = set()

    def put(self, name: Name, place: int) -> None:
        self._of_kind.setdefault(name, []).append(place)
        self._of_any.setdefault(name.identifier, []).append(place)

    def has(self, name: Name) -> bool:
        """Is any draft named so? Without a type on one side any type is meant on the other."""
        if name.kind:
            return name in self._of_kind or Name("", name.identifier) in self._of_kind
        return name.identifier in self._of_any

    def take(self, name: Name) -> list[int]:
        """The places of this name when it is asked for the first time, then none."""
        if name in self._asked:
            return []
        self._asked.add(name)
        if name.kind:
            return [*self._of_kind.get(name, ()), *self._of_kind.get(Name("", name.identifier), ())]
        return self._of_any.get(name.identifier, [])


class _Index:
    """The drafts by their names, and what each order set contains."""

    def __init__(self, drafts: list[_Draft]) -> None:
        self.inside: dict[int, list[int]] = {}
        self._exact, self._lower = _Places(), _Places()
        for place, draft in enumerate(drafts):
            if draft.inside is not None:
                self.inside.setdefault(draft.inside, []).append(place)
            for name in draft.names:
                self._exact.put(name, place)
                self._lower.put(name.lower, place)

    def has(self, wanted: Name) -> bool:
        """Does any draft have this name, in any letter case?"""
        return self._exact.has(wanted) or self._lower.has(wanted.lower)

    def named(self, wanted: Name) -> list[int]:
        """The places with this name; where there is none, those that differ by the letter case of the id."""
        return self._exact.take(wanted) if self._exact.has(wanted) else self._lower.take(wanted.lower)


def _references(order_set: Json) -> Iterator[Name]:
    """Everything that the actions or activities of an order set refer to."""
    left: list[object] = [order_set.get("action"), order_set.get("activity")]
    while left:
        match left.pop():
            case list() as values:
                left += values
            case dict() as members:
                if as_text(members.get("reference")):
                    yield name_of(as_text(members["reference"]))
                left += members.values()
            case _:
                pass
