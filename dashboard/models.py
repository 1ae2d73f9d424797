"""What was read last, what it was judged to be, and how it moved. Mirrors and groups are written only where changed."""

from __future__ import annotations

from typing import ClassVar

from django.db import models

from people.models import Person


class InventoryVersion(models.Model):
    """One reading of the inventory file that differed from the one before. The newest without complaints is in force.

    The text of a file with complaints is not kept: it may hold what should not have been written into it.
    """

    digest = models.CharField(max_length=64, blank=True)
    file_hash = models.CharField(max_length=64)
    text = models.TextField(blank=True)
    complaints = models.JSONField(default=list)  # [[line, text], …]
    loaded_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-pk"]

    def __str__(self) -> str:
        return self.digest[:12] or "not readable"


class SideLease(models.Model):
    """Who polls a side now, and when it is due again: late and doubled polls find another holder and leave.

    `side` is empty for the witnesses of a pair, which are asked on their own.
    """

    pair = models.CharField(max_length=100)
    side = models.CharField(max_length=100, blank=True)
    holder = models.CharField(max_length=40, blank=True)
    until = models.DateTimeField()
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["pair", "side"], name="dashboard_lease_once")]

    def __str__(self) -> str:
        return f"{self.pair}/{self.side}"


class Reading(models.Model):
    """The latest facts of a side, encoded and compressed, and beside them what pages need without decoding those.

    `good_facts` are the latest with the side answering; `facts` is empty while those are the latest.
    """

    pair = models.CharField(max_length=100)
    side = models.CharField(max_length=100)
    number = models.PositiveBigIntegerField(default=0)  # of polls stored; what was kept in memory is known by it
    read_at = models.DateTimeField()
    reachable = models.BooleanField()
    said = models.TextField(blank=True)
    facts = models.BinaryField(null=True)
    good_at = models.DateTimeField(null=True)
    good_facts = models.BinaryField(null=True)
    mirrors_at = models.DateTimeField(null=True)  # mirrors, and groups, were last read then
    groups_at = models.DateTimeField(null=True)
    outline = models.BinaryField()  # the latest facts without mirrors, topics and groups
    totals = models.JSONField(default=dict)
    rates = models.JSONField(default=dict)  # topic → records a second
    peaks = models.JSONField(default=dict)  # topic → the highest of them, fading

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["pair", "side"], name="dashboard_reading_once")]

    def __str__(self) -> str:
        return f"{self.pair}/{self.side}"


class MirrorNow(models.Model):
    """One mirror topic as it was judged last. `side` is where the mirror stands; lags are None where not believed."""

    pair = models.CharField(max_length=100)
    side = models.CharField(max_length=100)
    topic = models.CharField(max_length=255)
    link = models.CharField(max_length=255)
    source_topic = models.CharField(max_length=255)
    status = models.CharField(max_length=40)
    rank = models.PositiveSmallIntegerField()  # of the severity, the worst is the highest
    severity = models.CharField(max_length=10)
    words = models.CharField(max_length=200, blank=True)
    why = models.TextField(blank=True)
    max_lag = models.BigIntegerField(null=True)
    total_lag = models.BigIntegerField(null=True)
    said_lag = models.CharField(max_length=40, blank=True)  # why the lag is no number, as it is shown
    fetch_offset = models.BigIntegerField(null=True)  # last source fetch offset, of the partition furthest behind
    fetch_partition = models.IntegerField(null=True)
    partitions = models.PositiveIntegerField(default=0)
    since = models.DateTimeField()  # it has this state and severity since

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["pair", "side", "topic"], name="dashboard_mirror_once"),
        ]
        # As the table is sorted when nobody says otherwise, so that a page of it is read and not all of it sorted.
        indexes: ClassVar = [
            models.Index("pair", models.F("rank").desc(), "side", "topic", name="dashboard_mirror_worst")
        ]

    def __str__(self) -> str:
        return f"{self.topic} on {self.side}"


class GroupNow(models.Model):
    """A consumer group as seen on one side; `words` and `why`: what is critical there, whatever the other side says."""

    pair = models.CharField(max_length=100)
    side = models.CharField(max_length=100)
    group = models.CharField(max_length=255)
    state = models.CharField(max_length=40)
    members = models.PositiveIntegerField(default=0)
    client_ids = models.JSONField(default=list)
    words = models.CharField(max_length=200, blank=True)
    why = models.TextField(blank=True)
    lag = models.BigIntegerField(null=True)
    within = models.PositiveIntegerField(default=0)  # committed partitions inside the log
    committed = models.PositiveIntegerField(default=0)  # committed partitions
    committed_sum = models.BigIntegerField(default=0)  # of the offsets: it moves while the group works
    since = models.DateTimeField()  # active, or not, since
    active_at = models.DateTimeField(null=True)  # last seen active
    moved_at = models.DateTimeField(null=True)  # its committed offsets last moved

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["pair", "side", "group"], name="dashboard_group_once"),
        ]

    def __str__(self) -> str:
        return f"{self.group} on {self.side}"


class Trend(models.Model):
    """How far behind, over time: of all mirrors of a side at each poll (`topic` empty), of one mirror on change.

    `seconds` is 0 for a raw row, else the length of the slice that the row sums up by its highest values.
    """

    pair = models.CharField(max_length=100)
    side = models.CharField(max_length=100)
    topic = models.CharField(max_length=255, blank=True)
    at = models.DateTimeField()
    seconds = models.PositiveSmallIntegerField(default=0)
    max_lag = models.BigIntegerField(null=True)
    total_lag = models.BigIntegerField(null=True)
    rate = models.FloatField(null=True)  # records a second written on this side

    class Meta:
        indexes: ClassVar = [
            models.Index(fields=["pair", "side", "topic", "seconds", "at"], name="dashboard_trend_read"),
            models.Index(fields=["seconds", "at"], name="dashboard_trend_prune"),
        ]

    def __str__(self) -> str:
        return f"{self.topic or self.side} at {self.at:%H:%M:%S}"


class VantageState(models.Model):
    """What one place sees of a side, and since when without a break. `sees` None: it has no opinion."""

    pair = models.CharField(max_length=100)
    side = models.CharField(max_length=100)
    name = models.CharField(max_length=100)
    kind = models.CharField(max_length=10)  # console | link | witness
    sees = models.BooleanField(null=True)
    since = models.DateTimeField(null=True)
    said = models.TextField(blank=True)
    at = models.DateTimeField(null=True)
    seen_at = models.DateTimeField(null=True)  # the last time it saw the side
    lost_at = models.DateTimeField(null=True)  # the first time after that it did not

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["pair", "side", "name"], name="dashboard_vantage_once"),
        ]

    def __str__(self) -> str:
        return f"{self.name} on {self.side}"


class DryRun(models.Model):
    """The last dry run of the driver that moves a client; `problem` is empty where it went well, `untold` where
    somebody answered for all of it.
    """

    pair = models.CharField(max_length=100)
    client = models.CharField(max_length=100)
    at = models.DateTimeField()
    problem = models.TextField(blank=True)
    untold = models.TextField(blank=True, default="")

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["pair", "client"], name="dashboard_dry_run_once")]

    def __str__(self) -> str:
        return f"{self.pair}: {self.client}"


class Attestation(models.Model):
    """What the owner of a client says of it that no cluster can tell. Never changed: a newer one takes its place."""

    pair = models.CharField(max_length=100)
    client = models.CharField(max_length=100)
    statement = models.CharField(max_length=20)  # by its key in clusters.readiness.statements
    reply = models.CharField(max_length=20)
    said = models.TextField()
    owner = models.ForeignKey(Person, models.PROTECT, related_name="+")  # answers for it
    given_by = models.ForeignKey(Person, models.PROTECT, related_name="+")  # entered it
    given_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        ordering: ClassVar = ["-given_at", "-pk"]
        indexes: ClassVar = [
            models.Index(fields=["pair", "client", "statement", "given_at"], name="dashboard_attested"),
        ]
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(expires_at__gt=models.F("given_at")), name="dashboard_attestation_ends"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.pair}: {self.client}, {self.statement}"


class CanaryState(models.Model):
    """Canaries of one direction: from `side`, where they are written, to `to`, where their mirror is read.

    `seen_at` is when the newest one that has arrived was written: older than that, nothing is missing.
    """

    pair = models.CharField(max_length=100)
    side = models.CharField(max_length=100)
    to = models.CharField(max_length=100)
    topic = models.CharField(max_length=255)
    mirror = models.CharField(max_length=255)
    number = models.PositiveBigIntegerField(default=0)
    tried_at = models.DateTimeField(null=True)
    written_at = models.DateTimeField(null=True)  # of the newest that was acknowledged
    write_said = models.TextField(blank=True)  # why the last one was not
    seen_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)  # the mirror was read last
    read_said = models.TextField(blank=True)

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["pair", "side"], name="dashboard_canary_once")]

    def __str__(self) -> str:
        return f"{self.pair}: {self.side} to {self.to}"


class Expectation(models.Model):
    """States that are expected of a side while an incident is open, so that they do not alarm."""

    pair = models.CharField(max_length=100)
    side = models.CharField(max_length=100)
    incident = models.CharField(max_length=100)
    states = models.JSONField(default=list)
    why = models.TextField(blank=True)
    since = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=["pair", "side", "incident"], name="dashboard_expectation_once"),
        ]

    def __str__(self) -> str:
        return f"{self.pair}/{self.side}: {', '.join(self.states)}"


class ReadinessState(models.Model):
    """The answer for a pair as it was judged last. `claimed_at`: somebody began to judge it then."""

    pair = models.CharField(max_length=100, unique=True)
    claimed_at = models.DateTimeField()
    judged_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)  # the older of the two readings it was judged on
    answer = models.CharField(max_length=20, blank=True)  # by its name
    since = models.DateTimeField(null=True)  # the answer is this since then

    def __str__(self) -> str:
        return f"{self.pair}: {self.answer or 'not judged yet'}"


class ReadinessNow(models.Model):
    """A readiness check of a pair as it was judged last; it stands so `since` then."""

    pair = models.CharField(max_length=100)
    code = models.CharField(max_length=4)
    standing = models.CharField(max_length=10)  # by its name
    weight = models.CharField(max_length=10)
    saw = models.TextField(blank=True)
    since = models.DateTimeField()

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=["pair", "code"], name="dashboard_readiness_once")]

    def __str__(self) -> str:
        return f"{self.pair} {self.code}: {self.standing}"


class ReadinessChange(models.Model):
    """A check that came to stand otherwise: what drifted, and when. `code` is empty for the answer as a whole."""

    pair = models.CharField(max_length=100)
    code = models.CharField(max_length=4, blank=True)
    before = models.CharField(max_length=20)
    after = models.CharField(max_length=20)
    saw = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        indexes: ClassVar = [models.Index(fields=["pair", "at"], name="dashboard_readiness_drift")]

    def __str__(self) -> str:
        return f"{self.pair} {self.code}: {self.before} to {self.after}"
