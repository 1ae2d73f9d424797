"""Runbooks for kinds that no shipped runbook has, as not every pair has what they act on."""

from __future__ import annotations

OWN = {
    "schemas-rest": """
runbook: schemas-rest
title: Let nobody register schemas, and let them again
parameters:
  side: {type: side, title: Whose Schema Registry rests}
steps:
  - key: close
    kind: registry.mode
    title: Take no new schemas
    with: {side: "${side}", mode: READONLY}
    confirm: {typed: cluster}
    approvals: 1
    timeout: 10m
  - key: open
    kind: registry.mode
    title: Take new schemas again
    with: {side: "${side}", mode: READWRITE}
    confirm: {typed: cluster}
    approvals: 1
    timeout: 10m
"""
}
