"""The record: what was done, by whom, on which facts. Imports nothing else of Breakwater."""

from __future__ import annotations
