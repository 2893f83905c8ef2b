"""JSON schemas of the data files that clinicians own; compiled once each, checked by the tests."""
