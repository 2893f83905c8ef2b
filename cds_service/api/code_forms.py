"""How a server wants the codes of a search written: bare ("17861-6"), or with their system ("http://loinc.org|17861-6").

What may live here: which form is asked first, and when the other one is tried. Some servers find a code only in one of
them, and answer the other with an empty list, which looks like "nothing recorded".
"""

from __future__ import annotations

from collections.abc import Iterable

from cds_service.fhir_client import Talk
from fhir_mappings.gathered import Gathered
from fhir_mappings.queries import Query

_ABOUT = "codes in searches"
_BARE, _WITH_SYSTEM = "bare", "with their system"


class CodeForms:
    """The forms of one request's searches. What a server was seen to find is remembered for some minutes.

    What other requests find meanwhile changes nothing here.
    """

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._known = talk.known(_ABOUT)
        self._first = self._known or _BARE

    def first(self, query: Query) -> Query:
        """The query in the form that is asked first."""
        return query.with_systems() if self._first == _WITH_SYSTEM else query

    def other(self, query: Query) -> Query:
        """The query in the other form."""
        return query if self._first == _WITH_SYSTEM else query.with_systems()

    def to_ask_again(self, found: Iterable[Gathered]) -> list[Query]:
        """The queries to be asked in the other form; `found` is what the server was asked for.

        Those whose list came whole and empty, where every search by code found nothing. Where one of them found
        something, or one of the last minutes did, an empty list means that nothing is recorded.
        """
        by_code = [one for one in found if one.query.coded]
        if any(one.resources for one in by_code):
            self._note(self._first)
            return []
        return [] if self._known else [one.query for one in by_code if one.complete and not one.failed]

    def found_otherwise(self) -> None:
        """The other form found something."""
        self._note(_BARE if self._first == _WITH_SYSTEM else _WITH_SYSTEM)

    def _note(self, form: str) -> None:
        if form != self._known:
            self._talk.note(_ABOUT, form)
