"""What is switched off now, for everybody who asks: the services' descriptions, health, the pages.

What may live here: the notices of site policy and kill switch together, and the kill switch in a call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from cds_service.knowledge import ALL, NO_CARD, Knowledge, Notice, Reason, notices_of
from cds_service.storage import KillState, KillSwitch, SwitchedOff

MORE = "Why, since when and by whom: the services' descriptions (/cds-services), the pages, calciphylaxis-cds report."
ALL_TENANTS = "all"
_NARROWS = ("reason", "topic", "hook", "service")


@dataclass(frozen=True, slots=True)
class Told:
    """What is not shown. `fault` says why what is switched off may not be the newest state, "" where it is."""

    notices: tuple[Notice, ...] = ()
    fault: str = ""

    def __bool__(self) -> bool:
        """Is there anything to say?"""
        return bool(self.notices or self.fault)

    def about(self, service: str) -> Told:
        """What of it concerns this service."""
        return replace(self, notices=tuple(notice for notice in self.notices if notice.concerns(service)))

    @property
    def sentences(self) -> list[str]:
        """One for each, and that no card does not mean no risk; none where there is nothing to say."""
        fault = [f"{self.fault[:1].upper()}{self.fault[1:]}."] if self.fault else []
        return [*(notice.says for notice in self.notices), *fault, NO_CARD] if self else []

    def summary(self) -> dict[str, Any]:
        """For whoever asks without a token: which cards, and of how many tenants; empty where there is nothing to say.

        Apart from these, of how many tenants critical cards are less urgent, or for fewer patients, than the rules say.
        Neither people nor tenants are named, and nothing that a person has written is repeated. Callers that are not
        known count as one.
        """
        tenants: dict[tuple[str | None, ...], set[str | None]] = {}
        for one in self.notices:
            if not one.is_beside and not one.is_milder:
                tenants.setdefault((one.reason.value, one.topic, one.hook, one.service), set()).add(one.tenant)
        told: dict[str, Any] = {}
        if tenants:
            told["not_shown"] = [_counted(which, whose) for which, whose in tenants.items()]
        if milder := {one.tenant for one in self.notices if one.is_milder}:
            told["critical_cards_milder_or_fewer"] = {"tenants": len(milder)}
        if self.fault:
            told["kill_switch_fault"] = self.fault
        return told | ({"note": f"{NO_CARD} {MORE}"} if told else {})


def _counted(which: tuple[str | None, ...], tenants: set[str | None]) -> dict[str, Any]:
    told: dict[str, Any] = {name: value for name, value in zip(_NARROWS, which, strict=True) if value}
    # The kill switch without a tenant holds for all of them.
    for_all = told["reason"] == Reason.KILL_SWITCH and None in tenants
    return told | {"tenants": ALL_TENANTS if for_all else len(tenants)}


Policies = Callable[[datetime], Mapping[str | None, Knowledge]]


@dataclass(frozen=True)
class NotShown:
    """What is not shown at a moment, by the kill switch and by `policies`.

    These give what each tenant knows at a moment, by its name, and under None what everybody else does.
    """

    kill_switch: KillSwitch
    policies: Policies

    def faults(self) -> list[str]:
        """Why this process may show what was switched off, in words; none where that is known."""
        state = self.kill_switch.now()
        return [state.fault] if state.is_unknown else []

    def in_force(self, knowledge: Knowledge, tenant: str = "") -> Knowledge:
        """What a call of a tenant with this knowledge needs, as the kill switch stands now; "" is one not known."""
        state = self.kill_switch.now()
        if not state.off:
            return knowledge
        topics = {one.topic or ALL for one in _killed(state, knowledge, tenant)}
        return replace(knowledge, switches=knowledge.switches.with_killed(topics)) if topics else knowledge

    def to_all(self, now: datetime) -> Told:
        """Everything, with the tenant that it holds for."""
        state = self.kill_switch.now()
        notices = list(map(killed_notice, state.off))
        for tenant, knowledge in self.policies(now).items():
            notices += [replace(notice, tenant=tenant or notice.tenant) for notice in _by_policy(knowledge, now)]
        return Told(tuple(notices), state.fault)

    def to_tenant(self, tenant: str, knowledge: Knowledge, now: datetime) -> Told:
        """What a tenant with this knowledge does not get."""
        state = self.kill_switch.now()
        killed = map(killed_notice, _killed(state, knowledge, tenant))
        return Told((*killed, *_by_policy(knowledge, now)), state.fault)


def _killed(state: KillState, knowledge: Knowledge, tenant: str) -> Iterator[SwitchedOff]:
    """What the kill switch holds back from a tenant. Who has no policy of its own goes by the name of the default one:
    that is the tenant of what it knows.
    """
    return (one for one in state.off if any(one.concerns(name) for name in (tenant, knowledge.tenant)))


def _by_policy(knowledge: Knowledge, now: datetime) -> Iterator[Notice]:
    return notices_of(knowledge, now.astimezone(knowledge.zone).date())


def killed_notice(one: SwitchedOff) -> Notice:
    """An entry of the kill switch as a notice."""
    which = f"Cards on {one.topic}" if one.topic else "All cards"
    return Notice(
        Reason.KILL_SWITCH,
        f"{which} have been switched off",
        one.reason,
        one.since.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        one.by,
        topic=one.topic,
        tenant=one.tenant,
    )
