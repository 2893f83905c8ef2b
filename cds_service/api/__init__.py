"""The CDS Hooks endpoints: a request read and checked, data gathered, the cards as JSON, feedback, headers.

What may live here: the way of one request from HTTP to the rules and back.
"""
