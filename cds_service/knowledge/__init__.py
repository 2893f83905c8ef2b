"""Everything that is read and checked at the start and that a call needs.

What may live here: the policy and vocabulary in force, and the orders that cards may suggest.
"""
