"""Next links as servers behind proxies write them: the pages are asked for at the base that was given, nobody else is.

Sources: microsoft/fhir-server#1317 and #1080 (inner host, http for https), hapifhir/hapi-fhir#2885,
hapifhir/hapi-fhir-jpaserver-starter#207 and samply/blaze#330 (path and port), synthetichealth/gofhir#18 (escaped
ampersands), POLAR-fhiR/fhircrackr#110 (relative links), awbx/fhir-dsl#15 (a last page that names itself).
"""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest

from tests.contract.ehr import Ehr
from tests.fhir_stand_in import FhirStandIn
from tests.field.held import ORDERS_CALCITRIOL, ORDERS_WARFARIN, SUSPECTED, Chart
from tests.field.play import Field, Topics
from tests.field.server import Habits

CALLS = [
    ("patient-view", SUSPECTED, [("cua-suspected", "critical"), ("vka-cua", "critical")]),
    ("order-select", ORDERS_WARFARIN, [("vka-dialysis", "warning")]),
    ("order-sign", ORDERS_CALCITRIOL, [("vitd-hypercalcaemia", "critical")]),
]


def changed(**parts: str) -> Callable[[str], str]:
    return lambda url: urlsplit(url)._replace(**parts).geturl()


def below(path: str) -> Callable[[str], str]:
    """The last step of the path below another one."""
    return lambda url: changed(path=f"{path}/{urlsplit(url).path.rpartition('/')[2]}")(url)


LINKS = {
    "https for http": changed(scheme="https"),
    "an inner host": changed(netloc="fhir-internal:8080"),
    "no port": changed(netloc="127.0.0.1"),
    "the port twice": lambda url: url.replace("/fhir/", ":8080/fhir/", 1),
    "another path": below("/hapi/r4"),
    "no path": below(""),
    "relative to the base": lambda url: url.rpartition("/fhir/")[2],
    "relative to the host": changed(scheme="", netloc=""),
    "escaped ampersands": lambda url: url.replace("&", "&amp;"),
    "a fragment": changed(fragment="page"),
    "blanks and bars as they are": lambda url: f'{url}&x=http://a|b "c"',
}


@pytest.mark.parametrize("link", LINKS.values(), ids=LINKS)
@pytest.mark.parametrize(("hook", "chart", "topics"), CALLS)
@pytest.mark.parametrize("mode", ["server", "mixed"])
def test_the_pages_are_read_however_the_link_names_the_server(
    mode: str, hook: str, chart: Chart, topics: Topics, link: Callable[[str], str], ehr: Ehr, stand_in: FhirStandIn
) -> None:
    field = Field(ehr, stand_in, mode)
    assert field.topics(hook, chart, Habits(page=1, next_link=link)) == topics
    assert any("_offset" in asked.url for asked in stand_in.calls)
    assert {urlsplit(asked.url).netloc for asked in stand_in.calls} == {urlsplit(stand_in.base).netloc}


@pytest.mark.parametrize(("hook", "chart", "topics"), CALLS)
def test_a_last_page_that_names_itself_ends_the_list(
    hook: str, chart: Chart, topics: Topics, ehr: Ehr, stand_in: FhirStandIn
) -> None:
    field = Field(ehr, stand_in, "server")
    assert field.topics(hook, chart, Habits(page=1, last_names_itself=True)) == topics


@pytest.mark.parametrize(
    "link", ["https://elsewhere.example/page/2", "https://elsewhere.example/fhir/../admin?x=1", "/fhir/Patient?name=a"]
)
def test_a_link_that_leads_nowhere_is_a_refusal_that_says_so(link: str, ehr: Ehr, stand_in: FhirStandIn) -> None:
    answer = Field(ehr, stand_in, "server").ask(
        "order-sign", ORDERS_WARFARIN, Habits(page=1, next_link=lambda url: link)
    )
    assert answer.status == 412
    assert "a next page lies on another server" in answer.refusal
