"""The SMART app: the patient's course, opened by the EHR with its own authorization.

What may live here: the modules, templates and styles of this page. Other pages do not know it.
"""
