"""The public pages on what stands behind each card.

What may live here: the modules, templates and styles of this page. Other pages do not know it.
"""
