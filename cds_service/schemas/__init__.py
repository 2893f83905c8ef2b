"""JSON schemas of the files that operators write; compiled once each, checked by the tests."""
