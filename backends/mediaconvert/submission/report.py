"""Submissions and their jobs as JSON: what `--json` prints and what a service may pass on."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from backends.mediaconvert.prepare import Prepared
    from backends.mediaconvert.submission.findings import Finding
    from backends.mediaconvert.submission.jobs import Orphan
    from backends.mediaconvert.submission.record import Record
    from backends.mediaconvert.submission.rehearse import Rehearsal
    from backends.mediaconvert.submission.submit import Submitted
    from renderer.timeline.canonical import JSONValue

Document = dict[str, "JSONValue"]


def utc(seconds: float | None) -> str | None:
    """Seconds of the epoch as `2026-01-05T10:00:04Z`."""
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def record_json(record: Record) -> Document:
    """All that is known of one submission and its job; `outputs` are planned ones where no event named the files."""
    progress = record.progress
    return {
        "job_id": record.job_id or None,
        "state": record.state,
        "percent": progress.percent,
        "phase": progress.phase or None,
        "code": progress.code or None,
        "message": progress.text or None,
        "job_warnings": [
            {"code": warning.code, "message": warning.message, "count": warning.count} for warning in progress.warnings
        ],
        "story_id": record.story_id,
        "timeline_sha256": record.timeline_sha256,
        "submission_id": record.id,
        "key": record.key,
        "endpoint": record.scope,
        "bucket": record.bucket,
        "queue": progress.queue or record.queue,
        "outputs": list(output_urls(record)),
        "created_at": utc(record.created_at),
        "submitted_at": utc(record.submitted_at),
        "updated_at": utc(record.updated_at),
        "history": [{"at": utc(note.at), "text": note.text} for note in record.notes],
    }


def output_urls(record: Record) -> tuple[str, ...]:
    """What the finished job said it wrote, else what it was going to write."""
    said = tuple(path for output in record.progress.outputs for path in output.paths)
    return said or record.outputs


def submitted_json(prepared: Prepared, done: Submitted, record: Record) -> Document:
    """One call of submit: `record` is the newest, which a wait may have brought further."""
    return {
        **record_json(record),
        "new": done.new,
        "strategy": prepared.planned.strategy,
        "uploads": {"sent": list(done.uploads.sent), "already_there": list(done.uploads.kept)},
        "estimate": prepared.estimate.to_json(),
        "warnings": [str(finding) for finding in done.findings],
    }


def rehearsal_json(prepared: Prepared, rehearsal: Rehearsal) -> Document:
    """What `--dry-run` found out; nothing was sent."""
    return {
        "job": dict(prepared.submission.job),
        "strategy": prepared.planned.strategy,
        "problems": [_finding(finding) for finding in rehearsal.findings if finding.kind == "problem"],
        "warnings": [_finding(finding) for finding in rehearsal.findings if finding.kind == "warning"],
        "objects": [
            {"key": item.key, "what": item.what, "state": item.state, "size": item.size} for item in rehearsal.objects
        ],
        "outputs": list(prepared.outputs),
        "estimate": prepared.estimate.to_json(),
        "conformance": [
            {"feature": item.feature, "where": item.where, "verdict": item.verdict, "detail": item.detail}
            for item in prepared.planned.conformance
        ],
    }


def orphan_json(orphan: Orphan) -> Document:
    return {
        "kind": orphan.kind,
        "name": orphan.name,
        "age_s": round(orphan.age_s),
        "old": orphan.old,
        "detail": orphan.detail,
        "upload_id": orphan.upload_id or None,
    }


def _finding(finding: Finding) -> JSONValue:
    return {"about": finding.about, "text": finding.text, "permission": finding.permission or None}
