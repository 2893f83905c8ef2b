"""FHIR R4 JSON to `hooks.chart.Chart`: codes, units, dates and words.

What may live here: reading FHIR as it was received, without a socket or a clock. The way in is
`fhir_mappings.chart.build_chart`; what to ask an EHR for stands in `fhir_mappings.queries`, and the data files that
clinicians own are read in `fhir_mappings.packaged`.
"""
