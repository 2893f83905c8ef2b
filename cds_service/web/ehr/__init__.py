"""A small EHR to try the cards in: open a chart, order a drug, accept or override, sign.

What may live here: the modules, templates and styles of this page. Other pages do not know it.
"""
