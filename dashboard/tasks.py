"""Polls as tasks. Losing, doubling or reordering them is harmless: each claims its side first, or leaves."""

from __future__ import annotations

from celery import shared_task

from dashboard import inventory, poll, trends


@shared_task(max_retries=0)
def poll_sides() -> None:
    """Beat's bell, every two seconds: looks at the inventory file and hands each due side to a worker of its own."""
    inventory.load_file()
    for due in poll.due_polls():
        poll_side.apply_async((due.pair, due.side), expires=10)
    trends.prune()


@shared_task(max_retries=0)
def poll_side(pair: str, side: str) -> None:
    poll.poll_side(pair, side)
