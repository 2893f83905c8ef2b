"""The CDS Hooks client that we play ourselves: for the demo, for `invoke` and for the EHR page.

What may live here: what an EHR does with a CDS service. Nothing of the service itself.
"""
