"""The reasons: public pages on what stands behind the cards, one per topic, and one on the service as a whole.

What may live here: the routes. What a page shows is read from the clinicians' data files when the service starts;
only the thresholds depend on the day. What a tenant changes stands on pages of its own, below /reasons/of.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask import Blueprint, Response, request

from cds_service.api import SERVICES
from cds_service.knowledge import Knowledge, switched_in
from cds_service.web.context import PageContext
from cds_service.web.page import page, problem
from cds_service.web.reasons.cards import card_words
from cds_service.web.reasons.codes import code_rows
from cds_service.web.reasons.tables import drug_rows, record_rows, result_rows, sign_rows
from cds_service.web.reasons.text import ReasonsWords
from fhir_mappings.packaged import default_reasons
from hooks.reasons import Reasons

KEPT = "public, max-age=300"
"""No page of these holds anything of a patient."""
ASKED_AGAIN = "no-cache"
"""A site policy can change while the service runs: its pages say from then on what its cards go by."""

HOOK_WORDS = {"patient-view": "chart opened", "order-select": "drug picked", "order-sign": "before signing"}


def reasons_page(context: PageContext) -> Blueprint:
    """The routes under /reasons."""
    reasons = Blueprint("reasons", __name__)
    packaged = _Pages(context.knowledge, default_reasons(context.knowledge.policy, context.settings.locale))
    tenants = context.tenants

    def pages(tenant: str, now: datetime) -> _Pages | None:
        """Of the policy that counts for a tenant; those of the packaged files for "", None for one without a policy."""
        if not tenant:
            return packaged
        if tenants is None or tenant not in tenants:
            return None
        policy = tenants.policy_of(tenant, now)
        return _Pages(policy.knowledge, policy.reasons) if policy else packaged

    def shown(tenant: str, show: Callable[[_Pages, date], Response]) -> Response:
        now = context.clock()
        found = pages(tenant, now)
        if found is None:
            return problem(404, "No such policy", "No site policy has this name. What ships stands at /reasons.")
        return show(found, now.astimezone(context.knowledge.zone).date())

    @reasons.get("/reasons", defaults={"tenant": ""})
    @reasons.get("/reasons/of/<tenant>")
    def index(tenant: str) -> Response:
        return shown(tenant, _Pages.index)

    @reasons.get("/reasons/about", defaults={"tenant": ""})
    @reasons.get("/reasons/of/<tenant>/about")
    def about(tenant: str) -> Response:
        return shown(tenant, _Pages.about)

    @reasons.get("/reasons/<code>", defaults={"tenant": ""})
    @reasons.get("/reasons/of/<tenant>/<code>")
    def topic(tenant: str, code: str) -> Response:
        return shown(tenant, lambda found, on: found.topic(code, on))

    @reasons.url_defaults
    def stay_with_the_tenant(_: str, values: dict[str, Any]) -> None:
        """Links on the pages of a tenant lead to others of it."""
        here = (request.view_args or {}).get("tenant", "") if request.blueprint == reasons.name else ""
        values.setdefault("tenant", here if tenants is not None and here in tenants else "")

    @reasons.after_request
    def keep(response: Response) -> Response:
        may_change = context.settings.site_policies is not None and (request.view_args or {}).get("tenant")
        response.headers["Cache-Control"] = ASKED_AGAIN if may_change else KEPT
        return response

    return reasons


@dataclass(frozen=True)
class _Pages:
    """The pages of one set of data files."""

    knowledge: Knowledge
    reasons: Reasons

    def index(self, on: date) -> Response:
        grouped = {
            words: [topic for topic in self.reasons.topics.values() if topic.group == group]
            for group, words in self.reasons.groups.items()
        }
        return page("reasons/page.html", title="Reasons behind the cards", groups=grouped, **self._common(on))

    def topic(self, code: str, on: date) -> Response:
        topic = self.reasons.topics.get(code)
        if topic is None:
            return problem(404, "No such topic", "No card has this topic. The list of all topics is at /reasons.")
        words, policy = self._words(on), self.knowledge.policy
        points = [number for number in topic.numbers if number.key.startswith("points.")]
        return page(
            "reasons/topic.html",
            title=topic.title,
            topic=topic,
            reasons=self.reasons,
            **self._common(on),
            hook_words=HOOK_WORDS,
            cards=[card_words(text, policy.wording, self.reasons, words) for text in topic.texts],
            numbers=[number for number in topic.numbers if number not in points],
            points=points if "points" in topic.tables else [],
            signs=sign_rows(policy) if "signs" in topic.tables else [],
            drugs=drug_rows(self.knowledge.vocabulary.drugs, topic.drug_classes),
        )

    def about(self, on: date) -> Response:
        limits = self.knowledge.policy.thresholds(on)
        windows = {analyte.value: (window.fresh, window.usable) for analyte, window in limits.windows.items()}
        return page(
            "reasons/about.html",
            title="About this decision support",
            reasons=self.reasons,
            **self._common(on),
            hook_words=HOOK_WORDS,
            services=SERVICES,
            records=record_rows(self.knowledge),
            codes=code_rows(self.knowledge.vocabulary.conditions, self.reasons.concepts),
            results=result_rows(self.knowledge, windows),
        )

    def _common(self, on: date) -> dict[str, Any]:
        """What every page shows: the day, texts as they read on it, whose site policy this is, and what it switches."""
        switched = switched_in(self.knowledge, on)
        return {"words": self._words(on), "on": on, "knowledge": self.knowledge, "switched": switched}

    def _words(self, on: date) -> ReasonsWords:
        return ReasonsWords(self.reasons.numbers, self.reasons.slots, on)
