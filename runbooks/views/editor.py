"""Writing a runbook: a text, everything that is wrong with it by line, and what it would mean."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from people.rights import Right, require
from runbooks.engine.schema import schema
from runbooks.engine.states import IllegalMove
from runbooks.models import Definition, DefinitionVersion, VersionState
from runbooks.queries.definitions import changes, read_text
from runbooks.services import definitions
from runbooks.services.errors import Invalid, Stale
from runbooks.services.who import Who
from runbooks.views.run import Refused

STARTER = """\
runbook: name-of-the-runbook
title: What it is for, in plain words
parameters:
  failed: {type: side, title: The side that failed}
steps:
  - key: confirm-outage
    kind: outage.confirm
    with: {side: "${failed}"}
    confirm: click
"""


@require_http_methods(["GET", "HEAD", "POST"])
def write(request: HttpRequest, slug: str = "", number: int | None = None) -> HttpResponse:
    """A new runbook, a new version of one, or a draft of one's own. POST checks or saves; nothing typed is lost."""
    require(request.user, Right.WRITE_DEFINITION)
    definition = get_object_or_404(Definition, slug=slug) if slug else None
    version = get_object_or_404(DefinitionVersion, definition=definition, number=number) if number is not None else None
    if request.method != "POST":
        return _page(request, _begin(definition, version), definition, version)
    text = request.POST.get("text", "").replace("\r\n", "\n")
    if request.POST.get("act") != "save":
        return _page(request, text, definition, version)
    try:
        saved = definitions.save_draft(Who.of(request), text, version_id=version.pk if version else None)
    except Invalid as invalid:
        why = Refused("Not saved.", " ".join(invalid.problems.values()))
        return _page(request, text, definition, version, refused=why, status=422)
    except (Stale, IllegalMove) as stale:
        return _page(request, text, definition, version, refused=Refused("Not saved.", str(stale)), status=409)
    return redirect("runbooks:version", saved.definition.slug, saved.number)


def _begin(definition: Definition | None, version: DefinitionVersion | None) -> str:
    if version is not None:
        return version.text
    if definition is None:
        return STARTER
    approved = definition.versions.filter(state=VersionState.APPROVED).first()
    newest = approved or definition.versions.first()
    return newest.text if newest else STARTER


def _page(
    request: HttpRequest,
    text: str,
    definition: Definition | None,
    version: DefinitionVersion | None,
    *,
    refused: Refused | None = None,
    status: int = 200,
) -> HttpResponse:
    shown = {
        "text": text,
        "view": read_text(text),
        "definition": definition,
        "version": version,
        "refused": refused,
        "changes": changes(version, definition, text),
        "schema": schema(),
        "rows": max(24, text.count("\n") + 4),
    }
    return render(request, "runbooks/version_write.html", shown, status=status)
