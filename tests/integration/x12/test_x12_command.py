from __future__ import annotations

from pathlib import Path

import pytest

from integration.x12.__main__ import main
from integration.x12.syntax import segment
from tests.integration.x12.x12_documents import acknowledgment_855, order_850, written


def run(tmp_path: Path, data: bytes, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    path = tmp_path / "in.x12"
    path.write_bytes(data)
    status = main(["check", str(path)])
    return status, capsys.readouterr().out.splitlines()


def test_a_good_file_exits_with_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, lines = run(tmp_path, written("855", acknowledgment_855()), capsys)
    assert status == 0
    assert lines == [
        "Interchange 000000042 from SHOPTEST to 5550100, usage T",
        "  Group 17 (PR, 004010)",
        "    Purchase order acknowledgment (855) 0017: accepted (A)",
    ]


def test_a_rejected_set_exits_with_1_and_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    body = [*order_850()[:-2], segment("CTT", "two")]
    status, lines = run(tmp_path, written("850", body), capsys)
    assert status == 1
    assert lines[2:] == [
        "    Purchase order (850) 0017: rejected (R)",
        "      error: CTT (segment 19), element 1, number of line items: 'two' is not a whole number in digits.",
    ]


def test_a_cut_file_exits_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, lines = run(tmp_path, written("855", acknowledgment_855())[:-12], capsys)
    assert status == 1
    assert lines[-1] == "The file is not whole: its last interchange does not end with its own IEA."


@pytest.mark.parametrize("data", [b"", b"hello", b"ISA*cut"])
def test_what_is_not_x12_exits_with_2(
    data: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, lines = run(tmp_path, data, capsys)
    assert (status, len(lines)) == (2, 1)


def test_a_file_that_is_not_there_exits_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", str(tmp_path / "none")]) == 2
    assert "cannot be read" in capsys.readouterr().err
