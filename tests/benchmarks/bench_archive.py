"""What a full archive costs: intake beside an empty one, Find by every kind of reference, copies, seals.

Run by ``make bench-archive`` (DOCUMENTS=1000000). The archive is that of ``make bench-desk``, made where it is missing: it
says first what disk and time that takes, and makes nothing where the disk is too small. JSON goes to
``.data/bench/archive.json``; a figure over its limit is marked, and the exit code is 1 then.
"""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

from tests.benchmarks import bench_desk
from tests.benchmarks.bench_desk import DOCUMENTS, ROOT, tell

LEAST_SHARE = 0.9
"""Of what an empty archive takes in, a full one takes in at least so much."""


def main() -> int:
    """Measure, print, and write."""
    bench_desk.database()
    from tests.benchmarks import archive_figures as figures  # noqa: PLC0415 - once there are settings

    into = figures.intake(f"gridport_desk_{DOCUMENTS}")
    found = figures.find_by_every_kind()
    copied = figures.copies_a_second()
    seals = figures.seals_a_second()
    is_slow = into.share < LEAST_SHARE
    told = {
        "documents": DOCUMENTS,
        "limits": {"intake_share": LEAST_SHARE, "find_sql_ms": bench_desk.FIND_SQL},
        "intake": {**asdict(into), "share": into.share},
        "find": [asdict(each) for each in found],
        "copies_a_second": copied,
        "seals": seals,
    }
    target = ROOT / ".data" / "bench" / "archive.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(json.dumps(told, indent=2))
    tell(f"{DOCUMENTS:,} documents")
    tell(f"{'intake into an empty archive':44}{into.empty:8.1f} files a second")
    tell(
        f"{'intake into this one':44}{into.full:8.1f} files a second, {into.share:.0%}{'  below its limit' if is_slow else ''}"
    )
    for each in found:
        tell(f"{each.what:44}{each.sql:8.1f} ms of SQL{'  over its limit' if each.is_over else ''}")
    tell(f"{'copies to a folder':44}{copied:8.1f} a second")
    for what, rate in seals.items():
        tell(f"{what:44}{rate:8.1f} rows a second")
    return int(is_slow or any(each.is_over for each in found))


if __name__ == "__main__":
    sys.exit(main())
