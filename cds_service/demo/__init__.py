"""The demonstration: synthetic patients, a FHIR sandbox to hold them, and the way to put them on any FHIR server.

What may live here: nothing that the service itself needs. No real patient is described in this package.
"""
