"""Lineage: the way back from the rows of a view to the rows of the sources that they came from.

It is worked out when it is asked for, as a query over what the operators keep to keep the view true: no row is stored
for lineage alone. `trace` goes down the operators, `origin` says what a row of a source is.
"""
