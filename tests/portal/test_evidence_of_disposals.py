"""Evidence of what is gone: destroyed by the real verbs, it stays proved, with the certificate that says by whose decision."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

from archive import publishing, sealing
from archive.models import (
    DisposalCertificate,
    DisposalDecision,
    DisposalItem,
    DisposalRun,
    RetentionRevision,
    RetentionRule,
)
from integration.work import Unclaimed
from portal.evidence import scopes
from portal.evidence.making import make
from portal.groups import RECORDS_MANAGER
from tests import factories
from tests.archive.test_verify import members, run
from tests.governed import destroyed, old_order_document, rule


def test_what_two_people_had_destroyed_is_told_with_its_certificate_by_verify_py(
    committed: str, tmp_path: Path
) -> None:
    document = old_order_document(datetime.now(UTC) - timedelta(days=3 * 366))
    order, payload = document.orders.get().order, document.interchange.payload_id
    first, second = (factories.user(name, RECORDS_MANAGER) for name in ("kara", "kofi"))
    rule(first)
    [item] = destroyed(first, second)
    certificate = DisposalCertificate.objects.get()
    sealing.close(Unclaimed(), now=True)
    roots, pack = tmp_path / "roots.txt", tmp_path / "pack.zip"
    publishing.publish_to_file(roots)
    pack.write_bytes(b"".join(make(scopes.of_order(order), "maria")))
    code, said = run(pack, roots)
    assert code == 0, said
    [told] = [line for line in said.splitlines() if line.startswith("disposed ")]
    assert (
        f"(leaves/archive_payload/{payload}.json): its content was destroyed once its time was over" in told
    )
    assert f"leaves/archive_disposalcertificate/{certificate.pk}.json), sealed on " in told
    found = members(pack)
    assert not any(name.startswith("content/") for name in found)
    # whose decision it was is proved beside it, and the law that the rule of retention names
    leaves = [
        (DisposalItem, item.pk),
        (DisposalRun, item.run_id),
        (DisposalDecision, certificate.decision_id),
        (RetentionRevision, item.revision_id),
        (RetentionRule, item.revision.rule_id),
    ]
    for model, pk in leaves:
        name = f"leaves/{model._meta.db_table}/{pk}.json"
        assert name in found
        assert any(line.startswith("proved ") and f"({name})" in line for line in said.splitlines())
    revision = json.loads(found[f"leaves/archive_retentionrevision/{item.revision_id}.json"])
    assert revision["columns"]["legal_reason"] == "Tax law"
    assert f"rule of retention: {item.revision}: Tax law" in said
    assert f"certificate {certificate.pk}" in found["pages/index.html"].decode()
    assert "1 file could not be opened" in found["README.txt"].decode()
