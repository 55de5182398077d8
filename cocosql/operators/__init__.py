"""The operators of flows, one kind a file; `operator.py` says what they have in common."""
