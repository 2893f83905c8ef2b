"""A page to paste a message of one's own into: its cards, or why there are none, and the request as cURL.

What may live here: the modules, templates and styles of this page, which answers at /try. Other pages do not know it.
"""
