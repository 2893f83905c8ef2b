"""What is not shown, in words: for discovery, health, pages and reports. Nobody may take silence for "no risk".

What may live here: a notice, and the notices of a site policy. Those of the kill switch are made where its state is
known.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from datetime import date, datetime

from cds_service.knowledge.critical_cards import HOOK_OF
from cds_service.knowledge.knowledge import Knowledge
from cds_service.knowledge.switches import Asking, HeldBack, Reason, Shadow, Switches

NO_CARD = "No card does not mean no risk."
_NEVER_CUT = "critical cards and those that tell what could not be read are never cut"
LONG_SHADOW_DAYS = 90
"""After so many days shadow mode without an end is told as such: longer than most trials last."""
_OTHERS = "others critical ones and those that tell what could not be read"


@dataclass(frozen=True, slots=True)
class Notice:
    """Cards that are not shown: those that `what` says, why, since when and by whom, as far as that is known.

    Each of topic, hook, service and tenant narrows it; None is all of them.
    """

    reason: Reason
    what: str
    why: str = ""
    since: str | None = None
    by: str | None = None
    topic: str | None = None
    hook: str | None = None
    service: str | None = None
    tenant: str | None = None

    @property
    def says(self) -> str:
        """As one sentence."""
        told = {"for": self.tenant, "since": self.since, "by": self.by}
        more = "".join(f" {word} {value}" for word, value in told.items() if value)
        why = f": {self.why.strip().rstrip('.')}" if self.why.strip() else ""
        return f"{self.what}{more}{why}."

    def concerns(self, service: str) -> bool:
        """Is it about this service?"""
        return self.service in (None, service) and self.hook in (None, HOOK_OF[service])

    def record(self) -> dict[str, str]:
        """As plain data, with its sentence."""
        told = {one.name: getattr(self, one.name) for one in fields(self) if one.name != "what"}
        return {name: value for name, value in told.items() if value} | {"says": self.says}


def notices_of(switches: Switches, on: date) -> Iterator[Notice]:
    """What the site policy keeps from being shown on this day."""
    for name, why in switches.services.items():
        yield Notice(Reason.SERVICE_OFF, f"The service {name} gives no cards, by the site policy", why, service=name)
    for name, why in switches.hooks.items():
        yield Notice(Reason.HOOK_OFF, f"No cards are shown at {name}, by the site policy", why, hook=name)
    for name, why in switches.topics.items():
        yield Notice(Reason.TOPIC_OFF, f"Cards on {name} are not shown, by the site policy", why, topic=name)
    yield from _critical(switches)
    yield from _shadows(switches, on)
    if switches.users is not None:
        users = ", ".join(sorted(switches.users))
        yield Notice(Reason.ROLE, f"By the site policy users of type {users} get all cards, {_OTHERS}")


def switched_in(switches: Switches, on: date) -> list[str]:
    """Everything that a site policy switches, a sentence each: what is not shown, and what is shown otherwise."""
    told = [notice.says for notice in notices_of(switches, on)]
    for (topic, hook), indicator in switches.indicators.items():
        told.append(f"The card {topic} is {indicator.value} at {hook}, whatever the rule says.")
    if switches.card_limit is not None:
        told.append(f"An answer has at most {switches.card_limit} cards; {_NEVER_CUT}.")
    return told


def why_held(back: HeldBack, switches: Switches, asking: Asking) -> str:
    """Why this card is not shown in this call, in words."""
    match back.reason:
        case Reason.SERVICE_OFF:
            return f"this service is switched off by the site policy: {switches.services[asking.service]}"
        case Reason.HOOK_OFF:
            return f"this hook is switched off by the site policy: {switches.hooks[asking.hook]}"
        case Reason.TOPIC_OFF:
            return f"switched off by the site policy: {switches.topics[back.card.topic]}"
        case Reason.KILL_SWITCH:
            return "switched off at once, by the kill switch"
        case Reason.ROLE:
            return f"by the site policy not for users of type {asking.user}"
        case Reason.SHADOW:
            reasons = (shadow.reason for shadow in switches.shadows if shadow.covers(back.card.topic, asking))
            return f"shadow mode: {', '.join(reasons)}"
        case Reason.CARD_LIMIT:
            return f"more urgent cards use up the limit of {switches.card_limit}"


def _critical(switches: Switches) -> Iterator[Notice]:
    """Who answers for critical cards that are off or less urgent; shown wherever notices are."""
    answered = switches.critical_off
    if answered is not None:
        what = "That critical cards are switched off or made less urgent here is answered for"
        yield Notice(Reason.TOPIC_OFF, what, answered.reason, by=" and ".join(answered.people))


def _shadows(switches: Switches, on: date) -> Iterator[Notice]:
    for shadow in switches.shadows:
        if shadow.lasts(on):
            which = _which(shadow.topic, shadow.hook, shadow.service)
            yield Notice(
                Reason.SHADOW,
                f"{which} worked out and recorded but not shown ({_how_long(shadow, on)})",
                shadow.reason,
                shadow.since.isoformat(),
                topic=shadow.topic,
                hook=shadow.hook,
                service=shadow.service,
            )


def _how_long(shadow: Shadow, on: date) -> str:
    """A trial has an end: where nobody wrote one, that is said after a while."""
    if shadow.until:
        return f"shadow mode, last day {shadow.until}"
    days = (on - shadow.since).days
    return f"shadow mode without an end, for {days} days now" if days > LONG_SHADOW_DAYS else "shadow mode"


def _which(topic: str | None, hook: str | None, service: str | None) -> str:
    about = f" on {topic}" if topic else ""
    place = (f" at {hook}" if hook else "") + (f" of {service}" if service else "")
    return f"Cards{about}{place} are" if about or place else "All cards are"


def not_reviewed(known: Mapping[str | None, Knowledge], now: datetime) -> list[str]:
    """A sentence for each site policy that nobody has reviewed in time: what it says may no longer be meant.

    `known` is what each tenant knows by its name, and under None what everybody else does.
    """
    return [
        f"The site policy of {tenant or 'all other callers'} was not reviewed since {knowledge.site.approved}."
        for tenant, knowledge in known.items()
        if knowledge.site and knowledge.site.is_overdue(now.astimezone(knowledge.zone).date())
    ]
