"""One site policy from the text of one file, checked whole, and the earlier state of that file that goes on before it.

What may live here: what one file comes to. Which files there are, and what goes on in place of one that cannot be used,
stands in `policy_shelf`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from itertools import chain

from cds_service.clock import utc_now
from cds_service.knowledge.knowledge import InForce, Knowledge, knowledge_of
from cds_service.knowledge.site_policy import DEFAULT, SitePolicy, SitePolicyError, parse_site_policy
from cds_service.knowledge.switch_reading import SwitchError
from cds_service.settings import Settings
from fhir_mappings.data_files import DataFileError
from fhir_mappings.site_names import unknown
from fhir_mappings.vocabulary import VocabularyError


@dataclass(frozen=True, slots=True)
class Taken:
    """What one file has come to: its text, and what follows from it.

    `kept`: there is a copy of it. `before` is an earlier state of the file that goes on until this one's first day.
    """

    text: str
    policy: InForce
    kept: bool = True
    before: Taken | None = None

    def counting(self, on: date) -> Knowledge:
        """What of it counts on a day, or will count."""
        return (self.before if self.before and not _has_begun(self.policy, on) else self).policy.knowledge


class OfNobody(SitePolicyError):
    """A policy that can never count, as no trusted client has its tenant. That is no fault: its client may be gone."""


NOBODY_KNOWN = "needs CDS_SECRET_FILE: without it nobody knows what the same user saw on the same patient"
FAULTY, OF_NOBODY = "faulty", "no such tenant"


@dataclass(frozen=True, slots=True)
class Refusal:
    """The text of a file that was refused, and the kind of reason, which anybody may know."""

    text: str
    kind: str

    @classmethod
    def of(cls, text: str, error: SitePolicyError) -> Refusal:
        """By what was wrong with it."""
        return cls(text, OF_NOBODY if isinstance(error, OfNobody) else FAULTY)


class Making:
    """Makes policies of texts. `tenants` are those of the trusted clients; None: nobody knows them."""

    def __init__(
        self, settings: Settings, tenants: Collection[str] | None = None, clock: Callable[[], datetime] = utc_now
    ) -> None:
        self._settings, self._clock = settings, clock
        self._tenants = None if tenants is None else {*tenants, DEFAULT}

    def now(self) -> datetime:
        """This moment."""
        return self._clock()

    def today(self) -> date:
        """The clinic's day."""
        return self.day_of(self.now())

    def day_of(self, moment: datetime) -> date:
        """The clinic's day at a moment."""
        return moment.astimezone(self._settings.timezone).date()

    def made(self, name: str, text: str, beside: Mapping[str, Taken]) -> InForce:
        """The policy of the file of this name, `beside` what others have come to.

        Raises:
            OfNobody: it is of none of the tenants.
            SitePolicyError: it is faulty, or stands against one of the others.
        """
        site = parse_site_policy(text, name, self.today())
        if self._tenants is not None and (
            problem := unknown("trusted client of the tenant", site.tenant, self._tenants)
        ):
            raise OfNobody(name, [f"tenant: {problem}"])
        problems = list(_day_problems(name, site.tenant, site.facts.effective.isoformat(), beside))
        if "repeat" in site.document and self._settings.secret_file is None:
            problems.append(f"[repeat]: {NOBODY_KNOWN}")
        if problems:
            raise SitePolicyError(name, problems)
        return self._of(name, site)

    def alone(self, name: str, text: str) -> InForce:
        """The policy of a text, whoever its tenant is and whatever stands beside it. Raises SitePolicyError."""
        return self._of(name, parse_site_policy(text, name))

    def _of(self, name: str, site: SitePolicy) -> InForce:
        try:
            return knowledge_of(None, self._settings, site)
        except SwitchError as error:
            raise SitePolicyError(name, error.problems) from None
        except (DataFileError, VocabularyError) as error:
            raise SitePolicyError(name, map(_where, error.problems)) from None

    def before(
        self, name: str, policy: InForce, beside: Mapping[str, Taken], copied: Callable[[], Iterable[str]]
    ) -> Taken | None:
        """The state of this file that goes on until the first day of a policy; None where that has begun.

        `copied` gives the texts of earlier states, the newest first.
        """
        today, tenant = self.today(), policy.knowledge.tenant
        if _has_begun(policy, today):
            return None
        last = beside.get(name)
        ours = [one for one in (last, last.before if last else None) if one]
        # What another worker took is newer than what a late one brought along from the start.
        theirs = (one for text in copied() if (one := self._earlier(name, text, beside, ours)))
        found = chain(ours, theirs) if last and not last.kept else chain(theirs, ours)
        fits = (one for one in found if one.policy.knowledge.tenant == tenant and _has_begun(one.policy, today))
        return next(fits, None)

    def _earlier(self, name: str, text: str, beside: Mapping[str, Taken], ours: Iterable[Taken]) -> Taken | None:
        """A copy as it was taken; None where it cannot be used now."""
        for one in ours:
            if one.text == text:
                return one
        try:
            return Taken(text, self.made(name, text, beside))
        except SitePolicyError:
            return None


def _day_problems(name: str, tenant: str, effective: str, beside: Mapping[str, Taken]) -> Iterator[str]:
    for other, taken in beside.items():
        site, theirs = taken.policy.knowledge.site, taken.policy.knowledge.tenant
        if other != name and theirs == tenant and site and site.effective.isoformat() == effective:
            yield f"effective: {other} is a policy of {tenant} from {effective} on, too"


def _has_begun(policy: InForce, on: date) -> bool:
    site = policy.knowledge.site
    return site is None or site.effective <= on


def _where(problem: str) -> str:
    """What stands in a section of the file itself, or what the file makes of a packaged one."""
    return problem if problem.startswith("[") else f"makes {problem}"
