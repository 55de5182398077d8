"""From a query to the operator that keeps its view true."""

from cocosql.planner.plan import Plan, plan

__all__ = ["Plan", "plan"]
