"""What is switched off now, for everybody who asks: the services' descriptions, health, the pages.

What may live here: the notices of site policy and kill switch together, and the kill switch in a call.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date
from typing import Any

from cds_service.access import caller
from cds_service.knowledge import ALL, NO_CARD, Knowledge, Notice, Reason, notices_of
from cds_service.storage import KillState, KillSwitch, SwitchedOff

UNKNOWN_TENANT = "default"
"""The name under which callers that are not known are switched."""


def tenant_of_caller() -> str:
    """Whose call this is, by the name of the tenant."""
    known = caller()
    return known.tenant if known else UNKNOWN_TENANT


def with_kill_switch(knowledge: Knowledge, state: KillState, tenant: str) -> Knowledge:
    """What a call of this tenant needs while this is switched off."""
    topics = {one.topic or ALL for one in state.off if one.concerns(tenant)}
    return replace(knowledge, switches=knowledge.switches.with_killed(topics)) if topics else knowledge


@dataclass(frozen=True)
class NotShown:
    """What is not shown, of all `policies` by the name of their tenant; one without a name holds for everybody."""

    kill_switch: KillSwitch
    policies: Mapping[str | None, Knowledge]

    def notices(self, on: date, tenant: str | None = None) -> list[Notice]:
        """On this day, of this tenant; None: of all."""
        state = self.kill_switch.now()
        return [*(killed_notice(one) for one in state.off if one.concerns(tenant)), *self._by_policy(on, tenant)]

    def fault(self) -> str:
        """Why what is switched off may not be the newest state, in words; "" where it is."""
        return self.kill_switch.now().fault

    def _by_policy(self, on: date, tenant: str | None) -> Iterator[Notice]:
        for name, knowledge in self.policies.items():
            if None in (name, tenant) or name == tenant:
                yield from (replace(notice, tenant=name) for notice in notices_of(knowledge.switches, on))


def in_words(notices: Iterable[Notice], fault: str = "") -> str:
    """All of these as sentences; "" where there is nothing to say."""
    told = [notice.says for notice in notices] + ([f"{fault[:1].upper()}{fault[1:]}."] if fault else [])
    return " ".join([*told, NO_CARD]) if told else ""


def records(notices: Iterable[Notice], fault: str = "") -> dict[str, Any]:
    """The same as plain data; nothing where there is nothing to say."""
    told = [notice.record() for notice in notices]
    found: dict[str, Any] = ({"not_shown": told} if told else {}) | ({"kill_switch_fault": fault} if fault else {})
    return found | ({"note": NO_CARD} if found else {})


def killed_notice(one: SwitchedOff) -> Notice:
    """An entry of the kill switch as a notice."""
    which = f"Cards on {one.topic}" if one.topic else "All cards"
    whose = f" for {one.tenant}" if one.tenant else ""
    return Notice(
        Reason.KILL_SWITCH,
        f"{which} have been switched off{whose}",
        one.reason,
        one.since.astimezone(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        one.by,
        topic=one.topic,
        tenant=one.tenant,
    )
