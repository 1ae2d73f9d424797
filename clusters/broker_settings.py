"""What the settings of brokers and topics prove about a cluster, whichever way they were read.

A refused or empty answer proves nothing: it never reads as "off".
"""

from __future__ import annotations

from collections.abc import Mapping

from clusters.facts import MetadataMode

TOPIC_TIERING = "confluent.tier.enable"
CLEANUP, RETENTION, RETENTION_BYTES = "cleanup.policy", "retention.ms", "retention.bytes"
MESSAGE_FORMAT, TIMESTAMP_TYPE = "message.format.version", "message.timestamp.type"
OFFSETS_RETENTION = "offsets.retention.minutes"
# What is kept as facts: the settings that something is judged by. A cluster tells hundreds more.
OF_TOPICS = frozenset({CLEANUP, RETENTION, RETENTION_BYTES, MESSAGE_FORMAT, TIMESTAMP_TYPE})
OF_BROKERS = frozenset(
    {
        OFFSETS_RETENTION,
        "transaction.max.timeout.ms",
        "transactional.id.expiration.ms",
        "super.users",
        "allow.everyone.if.no.acl.found",
    }
)


def metadata(configs: Mapping[int, Mapping[str, str | None]]) -> tuple[MetadataMode | None, str]:
    """What the brokers' own settings prove. (None, why) contradicts any declaration; (None, "") says nothing."""
    if moving := [broker for broker, settings in configs.items() if _is_moving(settings)]:
        return None, f"broker {min(moving)} has settings of both ZooKeeper and KRaft: it is being migrated"
    found = {broker: _metadata(settings) for broker, settings in configs.items()}
    modes = {mode for mode in found.values() if mode}
    if MetadataMode.ZOOKEEPER in modes and len(modes) > 1:
        return None, "some brokers run on ZooKeeper and some on KRaft"
    if MetadataMode.KRAFT_COMBINED in modes:
        which = min(broker for broker, mode in found.items() if mode is MetadataMode.KRAFT_COMBINED)
        return MetadataMode.KRAFT_COMBINED, f"broker {which} is broker and controller in one"
    return (modes.pop(), "") if modes and None not in found.values() else (None, "")


def _is_moving(settings: Mapping[str, str | None]) -> bool:
    kraft = ("process.roles", "controller.quorum.voters", "controller.quorum.bootstrap.servers")
    return bool(settings.get("zookeeper.connect")) and any(settings.get(key) for key in kraft)


def _metadata(settings: Mapping[str, str | None]) -> MetadataMode | None:
    """A quorum without roles shows KRaft, but not whether nodes are combined: that is left to the declaration."""
    roles = {role.strip() for role in (settings.get("process.roles") or "").split(",")} - {""}
    if "controller" in roles:
        return MetadataMode.KRAFT_COMBINED
    if roles:
        return MetadataMode.KRAFT
    return MetadataMode.ZOOKEEPER if settings.get("zookeeper.connect") else None


def tiering(configs: Mapping[int, Mapping[str, str | None]]) -> tuple[bool | None, str]:
    """On as soon as one broker has the feature or the default on; off only where every broker says so."""
    keys = ("confluent.tier.feature", "confluent.tier.enable")
    on = sorted(b for b, settings in configs.items() if any(_is(settings.get(key), "true") for key in keys))
    if on:
        return True, f"broker {on[0]} has {' or '.join(keys)} on"
    is_off = configs and all(_is(settings.get(keys[0]), "false") for settings in configs.values())
    return (False, f"every broker says {keys[0]} is off") if is_off else (None, "")


def kept(settings: Mapping[str, str | None], names: frozenset[str]) -> dict[str, str]:
    return {name: value for name, value in settings.items() if name in names and value is not None}


def _is(text: str | None, word: str) -> bool:
    return (text or "").strip().lower() == word


def tiered(settings: Mapping[str, str | None]) -> bool | None:
    """Whether a topic's own settings put it on Tiered Storage; None where they do not tell."""
    said = (settings.get(TOPIC_TIERING) or "").strip().lower()
    return said == "true" if said in {"true", "false"} else None
