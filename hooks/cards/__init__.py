"""The words of the cards: facts of a patient as text, filled into the clinicians' sentences.

What may live here: wording a card that a rule has decided on. No rule decides here.
"""

from hooks.cards.card_text import detail, make_card, suggestions
from hooks.cards.drug_facts import DRUG_PLACEHOLDERS, DRUG_WHY, DrugFacts, in_markdown
from hooks.cards.facts import Facts, exact
from hooks.cards.markdown import listed, plain
from hooks.cards.status_card import make_status_card
from hooks.cards.status_facts import EXCEPTIONS, FACTOR_PLACEHOLDERS, STATUS_PLACEHOLDERS, STATUS_WHY

__all__ = [
    "DRUG_PLACEHOLDERS",
    "DRUG_WHY",
    "EXCEPTIONS",
    "FACTOR_PLACEHOLDERS",
    "STATUS_PLACEHOLDERS",
    "STATUS_WHY",
    "DrugFacts",
    "Facts",
    "detail",
    "exact",
    "in_markdown",
    "listed",
    "make_card",
    "make_status_card",
    "plain",
    "suggestions",
]
