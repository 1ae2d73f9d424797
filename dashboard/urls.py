"""Looking: what stands where."""

from __future__ import annotations

from django.urls import URLPattern, path

from dashboard.views import attestations, overview, pair, sandbox

app_name = "dashboard"
urlpatterns: list[URLPattern] = [
    path("", overview.overview, name="overview"),
    path("live", overview.live, name="overview-live"),
    path("pairs/<str:pair>/", pair.pair, name="pair"),
    path("pairs/<str:pair>/live", pair.live, name="pair-live"),
    path("pairs/<str:pair>/mirrors", pair.mirrors, name="mirror-list"),
    path("pairs/<str:pair>/statements/", attestations.attestation_list, name="attestation-list"),
    path("pairs/<str:pair>/statements/<str:client>/<slug:statement>/", attestations.attestation, name="attestation"),
    path("sandbox/", sandbox.controls, name="sandbox"),
    path("sandbox/<str:pair>/reset", sandbox.reset, name="sandbox-reset"),
    path("sandbox/<str:pair>/faults/<slug:fault>/start", sandbox.start_fault, name="fault-start"),
    path("sandbox/<str:pair>/faults/<slug:fault>/stop", sandbox.stop_fault, name="fault-stop"),
]
