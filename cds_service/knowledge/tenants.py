"""Whose policy counts for a call: one `Knowledge` for each tenant, swapped as a whole.

What may live here: which knowledge a tenant has on a day. Where the files come from, and when they are read again,
stands in `policy_shelf` and `reload`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime

from cds_service.knowledge.knowledge import InForce, Knowledge
from cds_service.knowledge.site_policy import DEFAULT
from cds_service.knowledge.switches import Switches


@dataclass(frozen=True, slots=True)
class Policies:
    """The packaged knowledge, and the policies of each tenant, the one that begins last first. Never changed.

    `to_others` are the default policies as tenants without one of their own get them. `older` are the tenants of which
    a newer file was refused, each with the version that goes on; `gone` are those whose policy was taken away, each
    with the sentence that says so. `refused` are the files that cannot be used as they are, each with the kind of
    reason, and `folder` says what is wrong with the whole folder, "" where nothing is.
    """

    packaged: Knowledge
    policies: Mapping[str, tuple[InForce, ...]] = field(default_factory=dict)
    to_others: tuple[InForce, ...] = ()
    older: Mapping[str, str] = field(default_factory=dict)
    gone: Mapping[str, str] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)
    folder: str = ""

    @classmethod
    def of(
        cls,
        packaged: Knowledge,
        policies: Iterable[InForce],
        older: Mapping[str, str] | None = None,
        gone: Mapping[str, str] | None = None,
        refused: Mapping[str, str] | None = None,
        folder: str = "",
    ) -> Policies:
        """The same, by tenant. A tenant that has a policy again is no longer gone."""
        by_tenant: dict[str, list[InForce]] = {}
        for policy in policies:
            by_tenant.setdefault(policy.knowledge.tenant, []).append(policy)
        ordered = {tenant: tuple(sorted(found, key=_begins, reverse=True)) for tenant, found in by_tenant.items()}
        left = {tenant: said for tenant, said in (gone or {}).items() if tenant not in ordered}
        others = tuple(map(_with_every_card, ordered.get(DEFAULT, ())))
        return cls(packaged, ordered, others, older or {}, left, refused or {}, folder)

    def in_force(self, tenant: str, now: datetime) -> InForce | None:
        """Before the first day of a tenant's own policy it is as if it had none.

        Without one of its own it has what the default one says, and every card: whoever switches something off for
        callers that are not known must not silence a clinic, be it by a typing error in the name of its tenant.
        """
        if not self.policies:
            return None
        on = now.astimezone(self.packaged.zone).date()
        own, others = self.policies.get(tenant, ()), self.to_others if tenant != DEFAULT else ()
        return next((policy for policy in (*own, *others) if _begins(policy) <= on), None)

    def known(self, tenant: str, now: datetime) -> Knowledge:
        """What a tenant knows: by the policy in force, or by the packaged files alone."""
        found = self.in_force(tenant, now)
        return found.knowledge if found else self.packaged


class Tenants:
    """What each tenant knows. Whoever answers asks once, and keeps what it got until the answer is made."""

    def __init__(self, held: Policies) -> None:
        self._held = held

    def __iter__(self) -> Iterator[str]:
        """The tenants with a policy of their own."""
        return iter(self._held.policies)

    def all(self, now: datetime) -> dict[str | None, Knowledge]:
        """What each tenant with a policy of its own knows, and under None what everybody else does."""
        held = self._held
        names = (DEFAULT, *held.policies)
        return {None if tenant == DEFAULT else tenant: held.known(tenant, now) for tenant in names}

    def of(self, tenant: str | None, now: datetime) -> Knowledge:
        """What counts for a tenant on the clinic's day; None is a caller that is not known."""
        return self._held.known(tenant or DEFAULT, now)

    def policy_of(self, tenant: str | None, now: datetime) -> InForce | None:
        """The site policy behind that, with all its reasons; None where the packaged files alone count."""
        return self._held.in_force(tenant or DEFAULT, now)

    def override_reasons(self) -> dict[str, str]:
        """The words of every reason against a card that any tenant can be offered, by code; what ships stands first."""
        held = self._held
        known = [policy.knowledge for policies in held.policies.values() for policy in policies]
        said = [one.policy.wording.override_reasons for one in (held.packaged, *known)]
        return {code: reason.display for reasons in reversed(said) for code, reason in reasons.items()}

    def record(self) -> dict[str, dict[str, str] | str]:
        """What operators are told of the files beside that all is well: empty where there is nothing to say."""
        held = self._held
        told: dict[str, dict[str, str] | str] = {
            "older_site_policies": dict(held.older),
            "site_policies_refused": dict(held.refused),
            "site_policies_taken_away": dict(held.gone),
            "site_policies_folder": held.folder,
        }
        return {name: said for name, said in told.items() if said}

    def older(self) -> dict[str, str]:
        """The tenants that go on with an older policy, and its version."""
        return dict(self._held.older)

    def swap(self, held: Policies) -> None:
        """From now on this counts. A call that has begun ends with what it began with."""
        self._held = held


def _with_every_card(policy: InForce) -> InForce:
    """Its numbers, codes, words and reasons, with who answers for those; nothing that it switches."""
    known = policy.knowledge
    theirs = known.switches
    switches = Switches(
        tell_of_gaps=theirs.tell_of_gaps, can_be_critical=theirs.can_be_critical, critical_off=theirs.critical_off
    )
    return replace(policy, knowledge=replace(known, switches=switches))


def _begins(policy: InForce) -> date:
    site = policy.knowledge.site
    return site.effective if site else date.min
