"""A chart that fires goes on firing, however an EHR or a FHIR server writes it; or the answer says what was not read.

The quirks, each with its public source, stand in `quirks`. All pairs are played on all charts by `make test-fuzz`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

import pytest
from _pytest.mark import ParameterSet
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.contract.ehr import Ehr
from tests.fhir_stand_in import FhirStandIn
from tests.field.quirks import QUIRKS, SERVER_QUIRKS, Quirk, Stage
from tests.field.silence import FIRING, Firing, complaint, played


def listed(quirks: Iterable[Quirk]) -> list[ParameterSet]:
    return [pytest.param(quirk, id=quirk.name) for quirk in quirks]


SINGLE, OF_SERVERS = listed(QUIRKS.values()), listed(SERVER_QUIRKS.values())
OF_CHARTS = listed(quirk for quirk in QUIRKS.values() if quirk.stage is Stage.CHART)
EVERY = 4
AT_SERVERS = ("skin necrosis", "warfarin, dialysis by its sessions", "order-sign: calcitriol, calcium 12.6")
EACH_CHART = pytest.mark.parametrize("firing", FIRING.values(), ids=FIRING)


def check(ehr: Ehr, firing: Firing, *quirks: Quirk, mode: str = "prefetch", server: FhirStandIn | None = None) -> None:
    answer = played(ehr, firing, *quirks, mode=mode, server=server)
    wrong = complaint(answer, firing, quirks, at_server=server is not None)
    assert not wrong, f"{firing.hook}, {[quirk.name for quirk in quirks]}: {wrong}"


@EACH_CHART
def test_the_plain_charts_fire(firing: Firing, ehr: Ehr) -> None:
    assert played(ehr, firing).topics == firing.topics


@pytest.mark.parametrize("quirk", SINGLE)
def test_no_single_quirk_silences_a_chart_that_fires(quirk: Quirk, ehr: Ehr) -> None:
    for firing in FIRING.values():
        check(ehr, firing, quirk)


@pytest.mark.parametrize("mode", ["server", "mixed"])
@pytest.mark.parametrize("quirk", OF_CHARTS)
def test_nor_does_it_where_the_service_asks_the_server(
    quirk: Quirk, mode: str, ehr: Ehr, stand_in: FhirStandIn
) -> None:
    for name in AT_SERVERS:
        check(ehr, FIRING[name], quirk, mode=mode, server=stand_in)


@pytest.mark.parametrize("quirk", OF_SERVERS)
def test_no_habit_of_a_server_silences_a_chart_that_fires(quirk: Quirk, ehr: Ehr, stand_in: FhirStandIn) -> None:
    for firing in FIRING.values():
        check(ehr, firing, quirk, mode="server", server=stand_in)


@pytest.mark.parametrize("name", QUIRKS)
def test_no_quirk_silences_together_with_another_one(name: str, ehr: Ehr) -> None:
    """Every fourth pair, each quirk with its share of the others, on one of the charts."""
    charts, names = list(FIRING.values()), list(QUIRKS)
    place = names.index(name)
    for other in range(place + 1, len(names)):
        if (place + other) % EVERY == 0:
            check(ehr, charts[(place + other // EVERY) % len(charts)], QUIRKS[name], QUIRKS[names[other]])


@settings(
    max_examples=100,
    derandomize=True,
    database=None,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    names=st.lists(st.sampled_from(list(QUIRKS)), min_size=2, max_size=2, unique=True),
    chart=st.sampled_from(list(FIRING)),
)
def test_no_two_quirks_silence_a_chart(names: list[str], chart: str, ehr: Ehr) -> None:
    check(ehr, FIRING[chart], *(QUIRKS[name] for name in names))


def test_every_quirk_names_its_source() -> None:
    for quirk in (*QUIRKS.values(), *SERVER_QUIRKS.values()):
        assert re.fullmatch(r"[^\n]+ \([^)\n]+\)\.", quirk.habit), quirk.name
