"""The feedback page: what becomes of the cards, in counts.

What may live here: the page and who may see it. Counting and withholding stand in `cds_service/reports`.
"""
