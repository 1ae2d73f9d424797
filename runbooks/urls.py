"""Doing: assess, incidents, runs, decisions, the inbox, definitions, reports."""

from __future__ import annotations

from django.urls import URLPattern, path

from runbooks.views import (
    assess,
    callbacks,
    definitions,
    drills,
    editor,
    incidents,
    readiness,
    report,
    run,
    run_acts,
    runs,
    step_acts,
    stop,
)

app_name = "runbooks"
ASSESS = "pairs/<str:pair>/assess/<str:side>/"
START = "pairs/<str:pair>/start/<slug:slug>/"
INCIDENT = "incidents/<int:incident_id>/"
RUN, STEP = "runs/<int:run_id>/", "runs/<int:run_id>/steps/<slug:key>/"
RUNBOOK, VERSION = "runbooks/<slug:slug>/", "runbooks/<slug:slug>/<int:number>/"
urlpatterns: list[URLPattern] = [
    path("pairs/<str:pair>/drivers/<str:driver>/called-back/", callbacks.called_back, name="called-back"),
    path("inbox/", runs.inbox, name="inbox"),
    path("pairs/<str:pair>/readiness/", readiness.readiness, name="readiness"),
    path("drills/", drills.drill_list, name="drill-list"),
    path("pairs/<str:pair>/drills/", drills.pair_drills, name="pair-drills"),
    path(ASSESS, assess.assess, name="assess"),
    path(f"{ASSESS}live/", assess.live, name="assess-live"),
    path(f"{ASSESS}declare/", assess.declare, name="incident-declare"),
    path(INCIDENT, incidents.incident, name="incident"),
    path(f"{INCIDENT}live/", incidents.live, name="incident-live"),
    path(f"{INCIDENT}healthy/", incidents.healthy, name="incident-healthy"),
    path(f"{INCIDENT}will-not-return/", incidents.will_not_return, name="incident-will-not-return"),
    path(f"{INCIDENT}close/", incidents.close, name="incident-close"),
    path(f"{INCIDENT}evidence.<slug:form>", report.incident_evidence, name="incident-evidence"),
    path(f"{INCIDENT}reconciled.<slug:form>", report.reconciliation, name="incident-reconciliation"),
    path("evidence/<int:evidence_id>/", report.evidence, name="evidence"),
    path("stop/", stop.stop, name="stop"),
    path("stop/now/", stop.set_now, name="stop-set"),
    path("stop/lift/", stop.lift, name="stop-lift"),
    path("runs/", runs.run_list, name="run-list"),
    path(START, runs.new, name="run-new"),
    path(f"{START}now/", runs.start, name="run-start"),
    path(RUN, run.run, name="run"),
    path(f"{RUN}live/", run.live, name="run-live"),
    path(f"{RUN}report/", report.report, name="run-report"),
    path(f"{RUN}report.<slug:form>", report.report_file, name="run-report-file"),
    path(f"{RUN}evidence.<slug:form>", report.run_evidence, name="run-evidence"),
    path(f"{RUN}pause/", run_acts.pause, name="run-pause"),
    path(f"{RUN}resume/", run_acts.resume, name="run-resume"),
    path(f"{RUN}abort/", run_acts.abort, name="run-abort"),
    path(f"{RUN}take-command/", run_acts.take_command, name="run-take-command"),
    path(f"{RUN}adopt-inventory/", run_acts.adopt_inventory, name="run-adopt-inventory"),
    path(f"{STEP}watch/", run.watch, name="step-watch"),
    path(f"{STEP}request/", step_acts.request, name="step-request"),
    path(f"{STEP}run-now/", step_acts.run_now, name="step-run-now"),
    path(f"{STEP}approve/", step_acts.approve, name="step-approve"),
    path(f"{STEP}decline/", step_acts.decline, name="step-decline"),
    path(f"{STEP}withdraw/", step_acts.withdraw, name="step-withdraw"),
    path(f"{STEP}skip/", step_acts.skip, name="step-skip"),
    path(f"{STEP}rearm/", step_acts.rearm, name="step-rearm"),
    path(f"{STEP}override/", step_acts.override, name="step-override"),
    path(f"{STEP}waive/", step_acts.waive, name="step-waive"),
    path(f"{STEP}acknowledge/", step_acts.acknowledge, name="step-acknowledge"),
    path(f"{STEP}let-go/", step_acts.let_go, name="step-let-go"),
    path(f"{STEP}look/", step_acts.look, name="step-look"),
    path("runbooks/", definitions.definition_list, name="definition-list"),
    path("runbooks/help/", definitions.grammar, name="definition-help"),
    path("runbooks/new/", editor.write, name="definition-new"),
    path(RUNBOOK, definitions.definition, name="definition"),
    path(f"{RUNBOOK}write/", editor.write, name="version-new"),
    path(f"{RUNBOOK}retire/", definitions.retire, name="definition-retire"),
    path(VERSION, definitions.version, name="version"),
    path(f"{VERSION}edit/", editor.write, name="version-edit"),
    path(f"{VERSION}submit/", definitions.submit, name="version-submit"),
    path(f"{VERSION}approve/", definitions.approve, name="version-approve"),
    path(f"{VERSION}reject/", definitions.reject, name="version-reject"),
]
