"""Every shipped runbook in every mode, every fault of the sandbox at every kind of step that sends, the rest by pairs.

`make drills`. What is run is data: stories.py (runbooks and modes), meetings.py (faults and kinds) and plan.py
(databases, carriers, batches, confirmations). A runbook, a kind or a fault that nobody drives fails in test_plan.py by
its name; a new fault is driven by itself. `python -m tests.domain` prints docs/drills.md.
"""
