"""What a mode is: one way in which a FHIR server, or what stands before it, answers otherwise than it should.

What may live here: the type. The modes stand in the modules beside this one, by what they spoil.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.fuzz.hostile.exchange import Exchange

Act = Callable[[Exchange], None]


@dataclass(frozen=True)
class Mode:
    """`does` says in one sentence what the server does.

    With `right` HTTP or FHIR allow it, so that all cards have to come; else all cards, or the word that something could
    not be read. `heavy` modes are played one at a time; `accepts` is False where no connection is ever taken.
    """

    name: str
    does: str
    act: Act
    right: bool = False
    heavy: bool = False
    accepts: bool = True
