"""`python -m bench.fetching_service singly|batch PORT`: the service as the fetch measurements want it.

What may live here: the settings in which those measurements differ from an ordinary start.
"""

from __future__ import annotations

import os
import sys

from cds_service.commands.entry import main

if __name__ == "__main__":
    how, port = sys.argv[1:]
    os.environ["CDS_FHIR_BATCH"] = "true" if how == "batch" else "false"
    # How long an answer takes is measured here, not whether it is in time.
    os.environ["CDS_FHIR_DEADLINE_SECONDS"] = "20"
    sys.argv = ["calciphylaxis-cds", "serve", "--dev", "--port", port]
    main()
