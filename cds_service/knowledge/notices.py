"""What is not shown, in words: for discovery, health, pages and reports. Nobody may take silence for "no risk".

What may live here: a notice, and the notices of a site policy. Those of the kill switch are made where its state is
known.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from cds_service.knowledge.critical_cards import HOOK_OF, MOMENTS, critical_topics, critical_where
from cds_service.knowledge.knowledge import Knowledge
from cds_service.knowledge.site_policy import DEFAULT
from cds_service.knowledge.switches import Asking, HeldBack, Reason, Shadow, Switches
from hooks import order_sign
from hooks.card import Indicator
from hooks.repeat_policy import NEVER, RepeatPolicy

NO_CARD = "No card does not mean no risk."
UNKNOWN_CALLERS = "callers that are not known"
"""For whom alone the default policy switches anything: tenants without one of their own get every card."""
_WITHOUT_POLICY = f"{UNKNOWN_CALLERS} and tenants without a site policy of their own"
"""For whom the kill switch holds where it names the default, and for whom its numbers and codes hold."""
_NEVER_CUT = "cards that can be critical and those that tell what could not be read are never cut"
_AGAIN = "The same advice on the same record is not shown to the same login again"
_EACH_TIME = "Cards that can be critical and those that tell what could not be read are shown each time"
_SAME = "the same advice, on the same record,"
_SEEN = {
    Reason.SHOWN: "was shown to the same user before",
    Reason.OVERRIDDEN: "was overridden by the same user before",
    Reason.ORDERED: "was shown to the same user when the order was picked",
}
LONG_SHADOW_DAYS = 90
"""After so many days shadow mode without an end is told as such: longer than most trials last."""
_CARDS = "Critical cards for"
_OTHERS = "Users of other types than {} get only cards that can be critical, and those that tell what could not be read"


@dataclass(frozen=True, slots=True)
class Notice:
    """Cards that are not shown: those that `what` says, why, since when and by whom, as far as that is known.

    Each of topic, hook, service and tenant narrows it; None is all of them. Where `is_beside`, another notice tells the
    same cards, and this one who answers for them. Where `is_milder`, critical cards are shown less urgent, or to fewer.
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
    is_beside: bool = False
    is_milder: bool = False

    @property
    def says(self) -> str:
        """In words."""
        whose = _WITHOUT_POLICY if self.tenant == DEFAULT else self.tenant
        told = {"for": whose, "since": self.since, "by": self.by}
        more = "".join(f" {word} {value}" for word, value in told.items() if value)
        why = f": {self.why.strip().rstrip('.')}" if self.why.strip() else ""
        return f"{self.what}{more}{why}."

    def concerns(self, service: str) -> bool:
        """Is it about this service?"""
        return self.service in (None, service) and self.hook in (None, HOOK_OF[service])


def notices_of(knowledge: Knowledge, on: date) -> Iterator[Notice]:
    """What the site policy keeps from being shown on this day; that of the default one with those for whom it is."""
    is_default = knowledge.tenant == DEFAULT
    for notice in _notices(knowledge, on):
        yield replace(notice, tenant=(notice.tenant or UNKNOWN_CALLERS) if is_default else None)


def _notices(knowledge: Knowledge, on: date) -> Iterator[Notice]:
    switches = knowledge.switches
    for name, why in switches.services.items():
        yield Notice(Reason.SERVICE_OFF, f"The service {name} gives no cards, by the site policy", why, service=name)
    for name, why in switches.hooks.items():
        yield Notice(Reason.HOOK_OFF, f"No cards are shown at {name}, by the site policy", why, hook=name)
    for name, why in switches.topics.items():
        yield Notice(Reason.TOPIC_OFF, f"Cards on {name} are not shown, by the site policy", why, topic=name)
    if switches.critical_off is not None:
        yield from _critical(switches, critical_topics(knowledge.policy), on)
    yield from _shadows(switches, on)
    if switches.users is not None:
        users = ", ".join(sorted(switches.users))
        yield Notice(
            Reason.ROLE,
            f"{_OTHERS.format(users)}. Users of these types get each card that is shown, by the site policy",
        )
    yield from _repeats(switches.repeat)


def _repeats(repeat: RepeatPolicy) -> Iterator[Notice]:
    """For how long the same advice is not shown again; none where it always is."""
    windows = [
        (Reason.SHOWN, None, "after it was shown", repeat.after_shown),
        (Reason.OVERRIDDEN, None, "after it was overridden", repeat.after_override),
        (Reason.ORDERED, order_sign.HOOK, "after it was shown at order-select", repeat.at_order_sign),
    ]
    for reason, hook, after, window in windows:
        if window > NEVER:
            where = f" at {hook}" if hook else ""
            hours = round(window / timedelta(hours=1))
            lasts = f"for {hours} hour{'' if hours == 1 else 's'} {after}"
            why = f"{repeat.reason.rstrip('.')}. {_EACH_TIME}"
            yield Notice(reason, f"{_AGAIN}{where} {lasts}, by the site policy", why, hook=hook)


def switched_in(knowledge: Knowledge, on: date) -> list[str]:
    """Everything that a site policy switches, a sentence each: what is not shown, and what is shown otherwise."""
    switches, whose = knowledge.switches, f" for {UNKNOWN_CALLERS}" if knowledge.tenant == DEFAULT else ""
    told = [notice.says for notice in notices_of(knowledge, on)]
    for (topic, hook), indicator in switches.indicators.items():
        told.append(f"The card {topic} is {indicator.value} at {hook}{whose}, whatever the rule says.")
    if switches.card_limit is not None:
        told.append(f"An answer{whose} has at most {switches.card_limit} cards; {_NEVER_CUT}.")
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
        case Reason.SHOWN | Reason.OVERRIDDEN | Reason.ORDERED:
            return f"{_SAME} {_SEEN[back.reason]}"


def _critical(switches: Switches, critical: Mapping[str, Collection[str]], on: date) -> Iterator[Notice]:
    """Who switched off critical cards, or made them less urgent, and why; shown wherever notices are.

    `critical` has for each hook the topics whose card can be critical.
    """
    topics = {topic for names in critical.values() for topic in names}
    off = "switched off"
    for topic in sorted(topics & switches.topics.keys()):
        yield _answered(switches, Reason.TOPIC_OFF, f"{_CARDS} {topic} are {off}", topic=topic)
    for hook in filter(critical.get, switches.hooks):
        yield _answered(switches, Reason.HOOK_OFF, f"{_CARDS} {_listed(critical[hook])} at {hook} are {off}", hook=hook)
    for service in switches.services:
        if names := critical.get(HOOK_OF[service]):
            which = f"{_listed(names)} of {service}"
            yield _answered(switches, Reason.SERVICE_OFF, f"{_CARDS} {which} are {off}", service=service)
    for (topic, hook), indicator in switches.indicators.items():
        if topic in critical.get(hook, ()) and indicator is not Indicator.CRITICAL:
            which = f"{_CARDS} {topic} at {hook} are made less urgent ({indicator.value})"
            told = _answered(switches, Reason.TOPIC_OFF, which, topic=topic, hook=hook)
            yield replace(told, is_beside=False, is_milder=True)
    for shadow in switches.shadows:
        if shadow.lasts(on):
            yield from _critical_in_shadow(switches, shadow, critical)
    yield from _fewer(switches, topics)


def _critical_in_shadow(
    switches: Switches, shadow: Shadow, critical: Mapping[str, Collection[str]]
) -> Iterator[Notice]:
    """Shadow mode of a whole tenant has nobody to answer for it: it is told as a pilot."""
    narrows = {key: value for key in ("hook", "service", "topic") if (value := getattr(shadow, key))}
    names = critical_where(critical, shadow.hook, shadow.service, shadow.topic) if narrows else ()
    if names:
        where = _place(shadow.hook, shadow.service)
        what = f"{_CARDS} {_listed(names)}{where} are put into shadow mode"
        yield _answered(switches, Reason.SHADOW, what, **narrows)


def _fewer(switches: Switches, topics: Iterable[str]) -> Iterator[Notice]:
    """Numbers and codes by which fewer patients get a critical card: those of the default hold for more callers."""
    answered = switches.critical_off
    others = {*topics, *MOMENTS, *HOOK_OF}
    names = [name for name in answered.covers if name not in others] if answered else []
    if answered and names:
        who = " and ".join(answered.people)
        what = f"Fewer patients may get a critical card by {_listed(names)} (responsible: {who})"
        yield Notice(Reason.TOPIC_OFF, what, answered.reason, tenant=_WITHOUT_POLICY, is_milder=True)


def _answered(
    switches: Switches,
    reason: Reason,
    what: str,
    topic: str | None = None,
    hook: str | None = None,
    service: str | None = None,
) -> Notice:
    answered = switches.critical_off
    people, why = (" and ".join(answered.people), answered.reason) if answered else ("", "")
    return Notice(reason, what, why, by=people, topic=topic, hook=hook, service=service, is_beside=True)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))


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
    place = _place(hook, service)
    return f"Cards{about}{place} are" if about or place else "All cards are"


def _place(hook: str | None, service: str | None) -> str:
    return (f" at {hook}" if hook else "") + (f" of {service}" if service else "")


def not_reviewed(known: Mapping[str | None, Knowledge], now: datetime) -> list[str]:
    """A sentence for each site policy that nobody has reviewed in time: what it says may no longer be meant.

    `known` is what each tenant knows by its name, and under None what everybody else does.
    """
    return [
        f"The site policy of {tenant or 'all other callers'} was not reviewed since {knowledge.site.approved}."
        for tenant, knowledge in known.items()
        if knowledge.site and knowledge.site.is_overdue(now.astimezone(knowledge.zone).date())
    ]
