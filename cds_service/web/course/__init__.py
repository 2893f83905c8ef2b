"""The page of a patient's course: results, drugs, findings and what the rules would have said, over time.

What may live here: the modules, templates and styles of this page. Of the other
pages only the SMART app knows this page, and shows it.
"""
