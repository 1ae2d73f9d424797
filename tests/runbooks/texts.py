"""Short runbooks for one thing at a time, approved by the release."""

from __future__ import annotations

from audit.clock import database_now
from runbooks.models import Definition, DefinitionVersion
from runbooks.services.definitions import parsed, text_digest

ATTESTED = """
runbook: attested
title: One word of a person
steps:
  - key: say-so
    kind: manual
    title: Say so
    with: {action: Look at the wall, evidence: It is there}
    approvals: %d
"""
MOVE = """
runbook: move
title: Move producers
parameters:
  producers: {type: clients, title: Producers}
steps:
  - key: move
    kind: clients.route
    title: Move them
    with: {to: eu-west, clients: "${producers}"}
    confirm: {typed: cluster}
    approvals: %d
    timeout: 1m
  - key: say-so
    kind: manual
    title: Say so
    with: {action: Look at the wall, evidence: It is there}
    optional: true
"""


def approved(text: str) -> DefinitionVersion:
    runbook = parsed(text)
    definition, _ = Definition.objects.get_or_create(slug=runbook.slug, defaults={"title": runbook.title})
    return DefinitionVersion.objects.create(
        definition=definition, number=definition.versions.count() + 1, text=text, digest=text_digest(text),
        state="approved", is_released=True, made_at=database_now(), approved_at=database_now(),
    )  # fmt: skip


FAILOVER = """
runbook: failover
title: Fail over two topics
parameters:
  failed: {type: side, title: Failed}
  topics: {type: topics, title: Topics}
steps:
  - {key: confirm, kind: outage.confirm, title: Confirm, with: {side: "${failed}"}}
  - {key: cut, kind: cut.save, title: Save the cut, with: {away_from: "${failed}", topics: "${topics}"}}
  - {key: accept, kind: loss.accept, title: Accept, with: {side: "${failed}", topics: "${topics}"}}
  - key: failover
    kind: mirrors.failover
    title: Fail over
    with: {away_from: "${failed}", topics: "${topics}"}
    confirm: {typed: topic}
    approvals: 1
    timeout: 5m
"""

STOP = """
runbook: stop
title: Stop a group
steps:
  - key: stop
    kind: groups.stop
    title: Stop it
    with: {side: us-east, groups: [settlement], proof: E2}
    confirm: {typed: cluster}
    timeout: 2m
  - key: say-so
    kind: manual
    title: Say so
    with: {action: Look at the wall, evidence: It is there}
"""

STOP_TWO = """
runbook: stop-two
title: Stop two groups
steps:
  - key: stop
    kind: groups.stop
    title: Stop them
    with: {side: us-east, groups: [fulfilment, settlement], proof: E2}
    confirm: {typed: cluster}
    timeout: 2m
  - key: say-so
    kind: manual
    title: Say so
    with: {action: Look at the wall, evidence: It is there}
"""
NEVER = """
runbook: never
title: Wait for what never comes
steps:
  - key: wait
    kind: check
    title: Wait
    with: {endpoint: status, path: /, text: "no page says this"}
    timeout: 1s
"""
