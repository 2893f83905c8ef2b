"""Clinical logic: a chart and a calendar day in, cards out.

What may live here: the rules and what they need to know, with the standard library alone. No FHIR, no HTTP, no clock,
no files: the caller reads the data files and passes the day. Clinicians own the TOML files beside the modules.
"""
