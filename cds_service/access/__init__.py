"""Who may call: the JWT of a CDS client, checked or explained; the trusted clients; the rate of calls; our own key.

What may live here: everything that decides whether a caller is let in, and how we show others who we are.
"""
