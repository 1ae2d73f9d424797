"""The pair as a drawing: both clusters, both link sides, what flows, who writes and reads. Drawn wide and tall."""

from __future__ import annotations

from dataclasses import dataclass

from dashboard.drawing import Drawing, Pencil, shortened
from dashboard.groups import GroupStanding
from dashboard.portrait import Cluster, Flow, counted, portrait
from dashboard.standing import PairStanding

LANE = {True: "lane bad", False: "lane"}


@dataclass(frozen=True)
class Topology:
    title: str
    text: str  # the same in sentences, for those who do not see it
    drawings: tuple[Drawing, ...]


def topology(pair: PairStanding) -> Topology:
    left, right = (portrait(pair, side) for side in pair.sides)
    names = f"{left.name} and {right.name}"
    title = f"{names}, joined by {pair.entry.link}" if pair.entry.link else f"{names}, not joined by a link"
    return Topology(title, _sentences(pair, left, right), (_wide(pair, left, right), _tall(pair, left, right)))


def _sentences(pair: PairStanding, left: Cluster, right: Cluster) -> str:
    said = []
    for here, there in ((left, right), (right, left)):
        said.append(f"{here.name}: {here.about}; {here.owned}, {here.writes}; {here.groups}, {here.members}.")
        if here.flow:
            said.append(f"{here.mirrors} on {here.name} from {there.name}: {here.flow.words}, {here.flow.link_state}.")
    said += [f"The group {group.name} runs on both sides." for group in pair.doubles]
    return " ".join(said)


# Wide: the two clusters beside each other, flows between them.


def _wide(pair: PairStanding, left: Cluster, right: Cluster) -> Drawing:
    draw = Pencil()
    for cluster, x, (owned_y, mirrors_y) in ((left, 1, (68, 150)), (right, 841, (150, 68))):
        _wide_cluster(draw, cluster, x, owned_y, mirrors_y)
    if right.flow:
        _wide_flow(draw, right.flow, "M340 102H700", "M700 96l12 6-12 6z", 526, 92)
        _link_side(draw, right, 712, 76)
    if left.flow:
        _wide_flow(draw, left.flow, "M840 184H480", "M480 178l-12 6 12 6z", 654, 206)
        _link_side(draw, left, 339, 158)
    if left.flow and right.flow:
        draw.line("M776 128V143H404V158", "tie")
        draw.box("ground", 460, 132, 260, 20)
        draw.say(590, 147, f"one link, {shortened(pair.entry.link, 30)}", "t", "middle")
    bottom = 314
    for group in pair.doubles[:4]:
        _wide_double(draw, group, bottom)
        bottom += 52
    return Drawing("wide", 1180, bottom, tuple(draw.shapes))


def _wide_cluster(draw: Pencil, cluster: Cluster, x: int, owned_y: int, mirrors_y: int) -> None:
    draw.box(cluster.kind, x, 1, 338, 232)
    draw.say(x + 19, 32, shortened(cluster.name, 30), "h")
    draw.say(x + 19, 51, shortened(cluster.about, 48), "t")
    _shelf(draw, "in", x + 15, owned_y, cluster.owned, cluster.owned_names, cluster.writes)
    _shelf(draw, "mirror", x + 15, mirrors_y, cluster.mirrors, cluster.mirror_names, "read-only")
    draw.line(f"M{x + 169} 234V256", "tie")
    draw.box("in", x + 15, 257, 308, 48)
    draw.say(x + 31, 277, cluster.groups)
    draw.say(x + 31, 295, cluster.members, "t")


def _shelf(draw: Pencil, kind: str, x: int, y: int, title: str, names: str, right: str) -> None:
    draw.box(kind, x, y, 308, 68)
    draw.say(x + 16, y + 29, title)
    draw.say(x + 16, y + 49, names, "t")
    draw.say(x + 292, y + 29, right, "t", "end")


def _wide_flow(draw: Pencil, flow: Flow, path: str, tip: str, x: int, y: int) -> None:
    draw.line(path, LANE[flow.is_cut])
    draw.line(tip, "badfill" if flow.is_cut else "tip")
    if not flow.is_known:
        draw.box("gap", x - 130, y - 16, 260, 22)
    draw.say(x, y, flow.words, "", "middle")


def _link_side(draw: Pencil, cluster: Cluster, x: int, y: int) -> None:
    if cluster.flow is None:
        return
    draw.box(f"in {cluster.flow.link_kind}".strip(), x, y, 129, 52)
    draw.say(x + 12, y + 22, f"{shortened(cluster.name, 12)} side")
    draw.say(x + 12, y + 40, shortened(cluster.flow.link_state, 19), "t w" if cluster.flow.link_kind else "t")


def _wide_double(draw: Pencil, group: GroupStanding, y: int) -> None:
    draw.line(f"M324 {y + 26}H856", "lane bad")
    for x, seen in zip((16, 856), group.seen, strict=False):
        draw.box("in bad", x, y + 6, 308, 40)
        draw.say(x + 16, y + 31, shortened(group.name, 26))
        draw.say(x + 292, y + 31, counted(seen.row.members if seen.row else 0, "member"), "t", "end")
    draw.box("badfill", 430, y + 10, 320, 32)
    draw.say(590, y + 31, f"■ {shortened(group.name, 20)} runs on both sides", "onbad", "middle")


# Tall: one above the other, for a phone and for a half-width window.


def _tall(pair: PairStanding, top: Cluster, bottom: Cluster) -> Drawing:
    draw = Pencil()
    _tall_cluster(draw, top, 1, owned_x=12, mirrors_x=208)
    _tall_cluster(draw, bottom, 362, owned_x=208, mirrors_x=12)
    if bottom.flow:
        draw.line("M102 138V296", LANE[bottom.flow.is_cut])
        draw.line("M96 296l6 12 6-12z", "badfill" if bottom.flow.is_cut else "tip")
        _tall_words(draw, bottom.flow, 114, 166)
        _tall_side(draw, bottom, 26, 308)
    if top.flow:
        draw.line("M298 362V208", LANE[top.flow.is_cut])
        draw.line("M292 208l6-12 6 12z", "badfill" if top.flow.is_cut else "tip")
        _tall_words(draw, top.flow, 200, 276)
        _tall_side(draw, top, 222, 138)
    y = 512
    for cluster in (top, bottom):
        draw.say(16, y + 12, shortened(cluster.name, 18))
        draw.say(180, y + 12, f"{cluster.groups}, {cluster.members}", "t")
        y += 24
    for group in pair.doubles[:4]:
        draw.box("badfill", 12, y + 8, 376, 32)
        draw.say(200, y + 29, f"■ {shortened(group.name, 24)} runs on both sides", "onbad", "middle")
        y += 44
    return Drawing("tall", 400, y + 8, tuple(draw.shapes))


def _tall_cluster(draw: Pencil, cluster: Cluster, y: int, *, owned_x: int, mirrors_x: int) -> None:
    draw.box(cluster.kind, 1, y, 398, 136)
    draw.say(16, y + 27, shortened(cluster.name, 30), "h")
    draw.say(16, y + 45, shortened(cluster.about, 52), "t")
    for kind, x, title, text in (
        ("in", owned_x, cluster.owned, cluster.writes),
        ("mirror", mirrors_x, cluster.mirrors, "read-only"),
    ):
        draw.box(kind, x, y + 59, 180, 64)
        draw.say(x + 12, y + 85, title)
        draw.say(x + 12, y + 105, text, "t")


def _tall_words(draw: Pencil, flow: Flow, x: int, y: int) -> None:
    first, _, rest = flow.words.partition(", ")
    if not flow.is_known:
        draw.box("gap", x - 6, y - 16, 96, 42 if rest else 22)
    draw.say(x, y, first)
    draw.say(x, y + 18, shortened(rest, 16), "t")


def _tall_side(draw: Pencil, cluster: Cluster, x: int, y: int) -> None:
    if cluster.flow is None:
        return
    draw.box(f"in {cluster.flow.link_kind}".strip(), x, y, 152, 54)
    draw.say(x + 12, y + 22, f"{shortened(cluster.name, 14)} side")
    draw.say(x + 12, y + 41, shortened(cluster.flow.link_state, 22), "t w" if cluster.flow.link_kind else "t")
