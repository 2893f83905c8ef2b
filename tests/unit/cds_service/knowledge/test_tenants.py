"""Whose policy counts: a tenant's own from its day on, else the default one, else the packaged files."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from functools import cache
from zoneinfo import ZoneInfo

import pytest

from cds_service.knowledge import InForce, Policies, Switches, Tenants, knowledge_of, load_knowledge, switched_in
from cds_service.knowledge.site_policy import parse_site_policy
from cds_service.settings import Settings
from tests.unit.cds_service.knowledge.policies import policy_file

SETTINGS = Settings(timezone=ZoneInfo("Europe/Berlin"))
PACKAGED = load_knowledge(SETTINGS)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@cache
def policy(tenant: str, effective: date = date(2026, 2, 1)) -> InForce:
    return knowledge_of(None, SETTINGS, parse_site_policy(policy_file(tenant, effective=effective), "x.toml"))


def owners(tenants: Tenants, *names: str | None, now: datetime = NOON) -> list[str]:
    return [tenants.of(name, now).tenant for name in names]


def test_each_tenant_has_its_own_and_the_others_have_the_default() -> None:
    tenants = Tenants(Policies.of(PACKAGED, [policy("north"), policy("default")]))
    assert owners(tenants, "north", "south", None, "default") == ["north", "default", "default", "default"]
    assert {*tenants} == {"north", "default"}


def test_without_a_policy_the_packaged_files_count() -> None:
    for held in (Policies(PACKAGED), Policies.of(PACKAGED, [policy("north")])):
        tenants = Tenants(held)
        assert tenants.of("south", NOON) is tenants.of(None, NOON) is PACKAGED
        assert tenants.policy_of("south", NOON) is None


def test_the_reasons_are_those_of_the_policy_that_counts() -> None:
    tenants = Tenants(Policies.of(PACKAGED, [policy("north"), policy("default")]))
    assert tenants.policy_of("north", NOON) is policy("north")
    assert tenants.policy_of("south", NOON) == policy("default")
    assert tenants.policy_of(None, NOON) is policy("default")


SWITCHED = """
card_limit = 1
[topics.vka-cua]
on = false
reason = "another system warns"
[critical_off]
people = ["Dr Ana Adams", "Dr Ben Brown"]
covers = ["vka-cua", "adult_age"]
reason = "another system warns of it"
[[shadow]]
since = 2026-02-01
reason = "tests of developers"
[roles]
users = ["Practitioner"]
[[threshold]]
name = "calcium_high"
from = 2026-02-01
value = 9.8
source = "ours"
[[threshold]]
name = "adult_age"
from = 2026-02-01
value = 21
source = "ours"
"""


@pytest.mark.parametrize("own", [[], [policy("north", date(2026, 4, 1))]], ids=["no file", "a file that begins later"])
def test_what_the_default_policy_switches_is_for_callers_that_are_not_known_alone(own: list[InForce]) -> None:
    default = knowledge_of(None, SETTINGS, parse_site_policy(policy_file("default", SWITCHED), "x.toml"))
    tenants = Tenants(Policies.of(PACKAGED, [default, *own]))
    assert tenants.of(None, NOON) is tenants.of("default", NOON) is default.knowledge
    theirs = tenants.of("north", NOON)
    # Its numbers hold, so those who answer for them are told.
    everything_on = replace(policy("south").knowledge.switches, critical_off=default.knowledge.switches.critical_off)
    assert theirs == replace(default.knowledge, switches=everything_on)
    assert theirs.policy.thresholds(date(2026, 3, 2)).calcium_high == 9.8
    found = tenants.policy_of("north", NOON)
    assert found is not None
    assert (found.knowledge, found.reasons) == (theirs, default.reasons)
    assert tenants.of("north", NOON) is theirs, "made once, not in each call"
    fewer = (
        "Fewer patients may get a critical card by adult_age (responsible: Dr Ana Adams and Dr Ben Brown) for callers "
        "that are not known and tenants without a site policy of their own: another system warns of it."
    )
    assert switched_in(theirs, date(2026, 3, 2)) == [fewer]
    assert {fewer} < {*switched_in(default.knowledge, date(2026, 3, 2))}


def test_a_card_that_tells_of_gaps_does_so_by_the_default_policy_too() -> None:
    known = replace(policy("default").knowledge, switches=Switches(card_limit=1, tell_of_gaps=frozenset({"a gap"})))
    tenants = Tenants(Policies.of(PACKAGED, [replace(policy("default"), knowledge=known)]))
    assert tenants.of("north", NOON).switches == Switches(tell_of_gaps=frozenset({"a gap"}))


@pytest.mark.parametrize(
    ("now", "whose"),
    [
        (datetime(2026, 3, 31, 21, 59, tzinfo=UTC), "default"),
        (datetime(2026, 3, 31, 22, 0, tzinfo=UTC), "north"),
    ],
    ids=["23:59 at the clinic", "midnight at the clinic"],
)
def test_it_counts_from_the_clinics_day_on_and_before_it_is_as_if_there_were_none(now: datetime, whose: str) -> None:
    tenants = Tenants(Policies.of(PACKAGED, [policy("north", date(2026, 4, 1)), policy("default")]))
    assert owners(tenants, "north", now=now) == [whose]


@pytest.mark.parametrize("turned", [False, True])
def test_of_several_policies_of_a_tenant_the_last_that_has_begun_counts(turned: bool) -> None:
    two = [policy("north"), policy("north", date(2026, 3, 3))]
    tenants = Tenants(Policies.of(PACKAGED, two[::-1] if turned else two))
    days = [datetime(2026, 3, day, 12, tzinfo=UTC) for day in (2, 3)]
    assert [tenants.of("north", day) for day in days] == [one.knowledge for one in two]


def test_a_swap_changes_everything_at_once_and_nothing_that_was_handed_out() -> None:
    tenants = Tenants(Policies.of(PACKAGED, [policy("north")], {"north": "abc"}))
    before = tenants.of("north", NOON)
    assert tenants.record() == {"older_site_policies": {"north": "abc"}}
    tenants.swap(Policies(PACKAGED))
    assert before.tenant == "north"
    assert tenants.of("north", NOON) is PACKAGED
    assert tenants.record() == {}


def test_what_all_know_is_of_one_moment_though_somebody_swaps_meanwhile() -> None:
    class Interrupted(Policies):
        """Somebody swaps as soon as the first tenant has been asked for."""

        def in_force(self, tenant: str, now: datetime) -> InForce | None:
            tenants.swap(Policies(PACKAGED))
            return super().in_force(tenant, now)

    tenants = Tenants(Interrupted.of(PACKAGED, [policy("north"), policy("default")]))
    assert {name: known.tenant for name, known in tenants.all(NOON).items()} == {None: "default", "north": "north"}


def test_reasons_against_cards_are_known_by_the_words_of_whoever_offers_them() -> None:
    own = "[[override_reason]]\ncode = 'on-trial'\ndisplay = 'In a trial'\ntopics = ['vka-dialysis']\n"
    north = knowledge_of(None, SETTINGS, parse_site_policy(policy_file("north", own), "x.toml"))
    reasons = Tenants(Policies.of(PACKAGED, [north, policy("south")])).override_reasons()
    shipped = {code: one.display for code, one in PACKAGED.policy.wording.override_reasons.items()}
    assert reasons == {**shipped, "on-trial": "In a trial"}
    assert Tenants(Policies(PACKAGED)).override_reasons() == shipped
