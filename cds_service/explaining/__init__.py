"""Showing the explanation of a call to people: its order and words, the same on a page and at a terminal.

What may live here: from the explanation as plain data to what is shown of it. Nothing is judged here.
"""
