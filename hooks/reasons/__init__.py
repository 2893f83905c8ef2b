"""What stands behind a card: recommendation, evidence, contradictions and limits, from `reasons.toml`.

What may live here: reading and checking the reasons, and the numbers that are filled into them.
"""
