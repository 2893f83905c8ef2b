"""JSON schemas of what clients send; checked once at start, compiled once."""
