"""The operators, one kind a file. Each knows how its rows come from its inputs, and none knows another."""
