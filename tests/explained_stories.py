"""The explanation of each story, worked out in process from the request that an EHR would send.

What may live here: from a story to its explanation. Nothing else of the tests of explanations knows how stories are
written and played.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from cds_service.api import NO_SERVER, SERVICES, Explained, explained_call, parse_hook_request
from cds_service.knowledge import Knowledge, load_knowledge
from cds_service.settings import Settings
from cds_service.stories import Vignette, load_vignettes
from cds_service.stories.dialects import DIALECTS
from cds_service.stories.prefetch import prefetched, request_body
from fhir_mappings.packaged import default_reasons
from hooks.reasons import Reasons
from tests.vignettes.noise import noisy

Json = dict[str, Any]
EVERY = 12
"""Of the stories, each of so many is explained where all would take long."""


@cache
def knowledge() -> Knowledge:
    return load_knowledge(Settings())


@cache
def reasons() -> Reasons:
    return default_reasons(knowledge().policy)


@cache
def some_stories() -> tuple[Vignette, ...]:
    """A sample from all over the files of stories."""
    return load_vignettes()[::EVERY]


def a_story_at(hook: str) -> Vignette:
    """Some story of this hook."""
    return next(story for story in some_stories() if story.hook == hook)


def request_of(story: Vignette, turn: int = 0) -> Json:
    """The body that an EHR sends, with everything prefetched, written in one of the dialects of the story."""
    dialect = story.dialects[turn % len(story.dialects)]
    record, spoken = noisy(story, dialect), DIALECTS[dialect]
    templates = {query.key: query.template() for query in knowledge().queries_for(story.hook)}
    return request_body(story.hook, record, {"prefetch": prefetched(templates, record, spoken, story.unreadable)})


def explained(story: Vignette, turn: int = 0) -> Explained:
    """The cards of a story and their explanation."""
    service = next(service for service in SERVICES if story.hook == service.HOOK)
    request = parse_hook_request(request_of(story, turn), service.HOOK)
    return explained_call(service, request, knowledge(), reasons(), NO_SERVER, story.now)
