"""From a query to the flow of operators that keeps its view true: `plan.py` has the list of steps."""
