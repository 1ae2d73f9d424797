"""Faults thrown at whole runbooks, with the simulated clusters' own journal as the judge (docs/reliability.md)."""
