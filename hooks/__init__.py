"""Clinical logic: a chart and a calendar day in, cards out.

Only the standard library may be imported here. No FHIR, no HTTP, no clock, no files: the caller reads the data files
and passes the day. Clinicians own the TOML files beside the modules.
"""
