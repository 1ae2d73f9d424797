"""Settings of a cluster link as the platform ships them."""

from __future__ import annotations

DEFAULTS: dict[str, str] = {
    "acl.filters": "",
    "acl.sync.enable": "false",
    "acl.sync.ms": "5000",
    "auto.create.mirror.topics.enable": "false",
    "auto.create.mirror.topics.filters": "",
    "availability.check.consecutive.failure.threshold": "5",
    "availability.check.ms": "60000",
    "bootstrap.servers": "",
    "cluster.link.paused": "false",
    "cluster.link.prefix": "",
    "connection.mode": "OUTBOUND",
    "consumer.group.prefix.enable": "false",
    "consumer.offset.group.filters": "",
    "consumer.offset.sync.enable": "false",
    "consumer.offset.sync.ms": "30000",
    "link.mode": "DESTINATION",
    "mirror.start.offset.spec": "earliest",
    "security.protocol": "PLAINTEXT",
    "topic.config.sync.include": "cleanup.policy,max.message.bytes,message.timestamp.type,"
    "message.timestamp.difference.max.ms",
    "topic.config.sync.ms": "5000",
}
READ_ONLY = {"link.mode", "connection.mode", "cluster.link.prefix"}
# Switching a feature off wipes its filter, seen on Cloud and Platform alike.
WIPED_WITH = {
    "consumer.offset.sync.enable": "consumer.offset.group.filters",
    "acl.sync.enable": "acl.filters",
    "auto.create.mirror.topics.enable": "auto.create.mirror.topics.filters",
}
ALL_GROUPS = '{"groupFilters":[{"name":"*","patternType":"LITERAL","filterType":"INCLUDE"}]}'


def refusal(name: str, value: str | None) -> str | None:
    """Why the platform does not take this value, or None."""
    if name not in DEFAULTS:
        return f"Unknown link config {name}"
    if name in READ_ONLY:
        return f"Config {name} cannot be altered after the link was created"
    if name == "consumer.offset.sync.ms" and value is not None and not (value.isdigit() and int(value) >= 1000):
        return f"Invalid value {value} for configuration consumer.offset.sync.ms: Value must be at least 1000"
    return None


def alter(configs: dict[str, str], name: str, value: str | None) -> None:
    """Set a value, or reset it with None."""
    if value is None:
        configs.pop(name, None)
    else:
        configs[name] = value
    wiped = WIPED_WITH.get(name)
    if wiped and configs.get(name, "false") == "false":
        configs.pop(wiped, None)
