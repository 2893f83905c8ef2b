"""The patient's course: the same rules, asked for every day of the past.

What may live here: series of results, periods of drugs and conditions, findings and evaluations by day.
"""
