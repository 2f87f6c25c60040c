"""The benchmark of ordering guarantees: which of them hold under which settings and faults, and what shows the others."""
