"""Patients' stories with the exact cards expected, and a player that asks the rules about them in this process.

What may live here: the format of stories, those that ship, their record as FHIR in five dialects, and what came beside
what was expected. No HTTP, no network, no card log.
"""

from cds_service.stories.asking import HOOKS, Answer, ask, topic
from cds_service.stories.player import failed, failure, play
from cds_service.stories.story import NOW, StoryError, Vignette, load_vignettes, read_stories

__all__ = [
    "HOOKS",
    "NOW",
    "Answer",
    "StoryError",
    "Vignette",
    "ask",
    "failed",
    "failure",
    "load_vignettes",
    "play",
    "read_stories",
    "topic",
]
