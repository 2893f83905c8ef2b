"""What outlives a request: the cards given and the feedback on them, in one database.

What may live here: tables, and how patiently they are asked. Nothing that names a patient is stored.
"""
