"""Catchment: from a remote log to a bronze row, and from a query to a Delta commit."""

import os

# numpy's BLAS would start a thread a core and let each spin for a tenth of a second; nothing here multiplies matrices
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
