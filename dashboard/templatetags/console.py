"""How pages say numbers, instants and durations. Times are UTC; what moves carries its instant for the page's clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from django import template
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()
NOT_KNOWN = format_html('<span class="unknown">{}</span>', "unknown")


@register.filter
def count(number: int | None) -> str | SafeString:
    """A whole number with its thousands apart; what is not known is hatched."""
    return NOT_KNOWN if number is None else f"{number:,}".replace("-", "−")


@register.filter
def span(length: timedelta | float | None) -> str | SafeString:
    """A duration as a clock shows it: 0:42, 6:14, 1:02:03."""
    if length is None:
        return NOT_KNOWN
    seconds = length.total_seconds() if isinstance(length, timedelta) else length
    whole = int(abs(seconds))
    hours, minutes, rest = whole // 3600, whole // 60 % 60, whole % 60
    sign = "−" if seconds <= -1 else ""
    return f"{sign}{hours}:{minutes:02}:{rest:02}" if hours else f"{sign}{minutes}:{rest:02}"


@register.filter
def brief(length: timedelta) -> str:
    """An age in the fewest words: 3 s, 4:10, 2 d."""
    seconds = max(0, int(length.total_seconds()))
    if seconds < 60:
        return f"{seconds} s"
    return str(span(length)) if seconds < 86_400 else f"{seconds // 86_400} d"


@register.filter
def epoch(at: datetime) -> int:
    """Milliseconds since 1970, as the page's script counts."""
    return int(at.timestamp() * 1000)


@register.filter
def utc(at: datetime | None, pattern: str = "%H:%M:%S UTC") -> str | SafeString:
    """An instant as a `time` element; `pattern` is strftime's."""
    if at is None:
        return NOT_KNOWN
    at = at.astimezone(UTC)
    return format_html('<time datetime="{}">{}</time>', at.strftime("%Y-%m-%dT%H:%M:%SZ"), at.strftime(pattern))


@register.filter
def day(at: datetime | None) -> str | SafeString:
    """An instant with its date: 20 November 2026, 02:14:08 UTC."""
    return utc(at, "%-d %B %Y, %H:%M:%S UTC")


@register.simple_tag
def age(at: datetime | None, *, of: str = "", is_old: bool = False) -> str | SafeString:
    """How long ago something was read; counts on by itself. `is_old` hatches it.

    `of` names what was read (`pair/side`, `feed`): an answer that says when it was read again resets the age.
    """
    if at is None:
        return NOT_KNOWN
    kind, whose = "age old" if is_old else "age", format_html(' data-age-of="{}"', of) if of else ""
    return format_html('<span class="{}" data-age="{}"{}>{}</span>', kind, epoch(at), whose, brief(timezone.now() - at))


@register.simple_tag
def since(at: datetime | None) -> str | SafeString:
    """The time that has passed, as a running clock."""
    if at is None:
        return NOT_KNOWN
    return format_html('<span data-since="{}">{}</span>', epoch(at), span(timezone.now() - at))


@register.simple_tag
def until(at: datetime | None) -> str | SafeString:
    """The time that is left, as a running clock; negative once it is over."""
    if at is None:
        return NOT_KNOWN
    return format_html('<span data-until="{}">{}</span>', epoch(at), span(at - timezone.now()))
