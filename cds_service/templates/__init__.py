"""FHIR R4 templates of the orders that suggestions create; checked at start with fhir.resources."""
