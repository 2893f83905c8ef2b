"""Receiving requests: no caller can take a thread before it has sent a whole request, and none can wait for ever.

What may live here: connections of callers and what bounds them, requests as bytes, the worker under gunicorn. What is
asked and answered is the application's business.
"""

from cds_service.serving.bounds import Bounds, bounds_of
from cds_service.serving.master_log import JsonLogger
from cds_service.serving.port import PortTaken, insist_on_free_port
from cds_service.serving.worker import InboundWorker

__all__ = ["Bounds", "InboundWorker", "JsonLogger", "PortTaken", "bounds_of", "insist_on_free_port"]
