"""That backups are tried out: a drill that failed, or is too long ago, is a case until one passes."""

from __future__ import annotations

from datetime import datetime, timedelta

from integration.flows.cases import close_cause, open_case
from integration.models import ExceptionCase, RestoreDrill

OFTEN_ENOUGH = timedelta(days=30)
CAUSE = "drill:restore"


def tell_of_drill(now: datetime) -> None:
    """Open the case that no backup is known to be readable, or close it. Where none was ever tried nothing is told."""
    last = RestoreDrill.objects.first()
    if last is None:
        return
    passed = last if last.passed else RestoreDrill.objects.filter(passed=True).first()
    problem = ""
    if not last.passed:
        problem = f"The backup {last.file} could not be restored when it was tried. {last.detail}"
    elif now - last.began_at > OFTEN_ENOUGH:
        problem = f"No backup was tried out for {(now - last.began_at).days} days: run manage.py drill."
    if not problem:
        close_cause(CAUSE, "A backup was restored and looked through.")
        return
    last_good = (
        f" The last one that could was tried on {passed.began_at:%-d %B %Y}."
        if passed not in (None, last)
        else ""
    )
    open_case(ExceptionCase.Kind.ARCHIVE, CAUSE, f"{problem}{last_good}")
