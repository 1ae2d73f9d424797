"""Every guard and readiness check is made to answer wrongly, and the tests that claim it must notice.

How a test claims: config/claims.py. For each guard and check, and for each thing that a refusal without a guard of its
own hangs on (seams.py), three times: what it refuses is let through, what it does not know is let through, what it lets
through is refused. Only the tests that claim that code in that case are run. `make forced` prints the table and fails
where nobody notices, or where a claim is idle: a test that passes however its guard answers.

Nothing of it is in the product: a class's `judge` is wrapped in the process of the tests.
"""
