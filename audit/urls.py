from __future__ import annotations

from django.urls import path

from audit import views

app_name = "audit"
urlpatterns = [
    path("", views.event_list, name="event-list"),
    path("export", views.export_events, name="export"),
    path("pack", views.evidence_pack, name="pack"),
]
