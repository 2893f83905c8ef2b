"""The words of the cards: facts of a patient as text, filled into the clinicians' sentences.

What may live here: wording a card that a rule has decided on. No rule decides here.
"""

from hooks.cards.card_text import detail, make_card, words_of
from hooks.cards.drug_facts import DRUG_PLACEHOLDERS, DRUG_WHY, DrugFacts, drug_summary, in_markdown
from hooks.cards.facts import Facts
from hooks.cards.markdown import listed, plain, unescaped
from hooks.cards.offers import FACT_PLACEHOLDERS, Offering
from hooks.cards.record_text import visible
from hooks.cards.result_words import exact, rounded
from hooks.cards.status_card import make_status_card
from hooks.cards.status_drugs import EXCEPTIONS, IRON
from hooks.cards.status_facts import FACTOR_PLACEHOLDERS, STATUS_PLACEHOLDERS, STATUS_WHY

__all__ = [
    "DRUG_PLACEHOLDERS",
    "DRUG_WHY",
    "EXCEPTIONS",
    "FACTOR_PLACEHOLDERS",
    "FACT_PLACEHOLDERS",
    "IRON",
    "STATUS_PLACEHOLDERS",
    "STATUS_WHY",
    "DrugFacts",
    "Facts",
    "Offering",
    "detail",
    "drug_summary",
    "exact",
    "in_markdown",
    "listed",
    "make_card",
    "make_status_card",
    "plain",
    "rounded",
    "unescaped",
    "visible",
    "words_of",
]
