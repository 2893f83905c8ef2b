"""The words of the cards: facts of a patient as text, filled into the clinicians' sentences.

What may live here: wording a card that a rule has decided on. No rule decides here.
"""
