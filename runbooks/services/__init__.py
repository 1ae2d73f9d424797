"""Every write. Each service opens the record first, asks for the right, then changes.

What a service refuses: `Forbidden` (people.rights), `Invalid` (what was said cannot be used), `Stale` (somebody was
faster), `Reused` (a form's one-time number came back with another body), `IllegalMove` (runbooks.engine.states).
"""

from __future__ import annotations
