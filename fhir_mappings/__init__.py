"""FHIR R4 JSON to `hooks.chart.Chart`: codes, units, dates and words. Opens no socket and knows no clock.

The way in is `fhir_mappings.chart.build_chart`; what to ask an EHR for stands in `fhir_mappings.queries`.
"""
