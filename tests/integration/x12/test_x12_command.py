from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from integration.x12.command import main
from integration.x12.syntax import Segment, segment
from tests.integration.x12.x12_documents import SMALL, acknowledgment_855, order_850, written

ROOT = Path(__file__).resolve().parents[3]
HEAD = "Interchange 000000042 from ZZ:SHOPTEST to 12:5550100, usage T"


def run(tmp_path: Path, data: bytes, capsys: pytest.CaptureFixture[str]) -> tuple[int, list[str]]:
    path = tmp_path / "in.x12"
    path.write_bytes(data)
    status = main(["check", str(path)])
    return status, capsys.readouterr().out.splitlines()


def judged(tmp_path: Path, data: bytes, capsys: pytest.CaptureFixture[str]) -> tuple[int, dict[str, Any]]:
    path = tmp_path / "in.x12"
    path.write_bytes(data)
    status = main(["check", str(path), "--json"])
    return status, json.loads(capsys.readouterr().out)


def command(*arguments: str, before: str = "pass", **options: Any) -> subprocess.CompletedProcess[bytes]:
    """The command in a process of its own, as people run it; ``before`` is run first in it."""
    script = f"import sys; {before}; from integration.x12.command import main; sys.exit(main())"
    return subprocess.run(
        [sys.executable, "-c", script, *arguments], cwd=ROOT, capture_output=True, check=False, **options
    )


def wrong_order() -> Sequence[Segment]:
    return [*order_850()[:-2], segment("CTT", "two")]


def test_a_good_file_exits_with_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, lines = run(tmp_path, written("855", acknowledgment_855()), capsys)
    assert status == 0
    assert lines == [
        f"{HEAD}: accepted",
        "  Group 17 (PR, 004010): accepted (AK9 A)",
        "    Purchase order acknowledgment (855) 0017: accepted (AK5 A)",
    ]


def test_a_rejected_set_exits_with_1_and_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, lines = run(tmp_path, written("850", wrong_order()), capsys)
    assert status == 1
    assert lines == [
        f"{HEAD}: rejected",
        "  Group 17 (PO, 004010): rejected (AK9 R)",
        "    Purchase order (850) 0017: rejected (AK5 R 5)",
        "      AK4 6: CTT (segment 19), element 1, number of line items: 'two' is not a whole number in digits.",
    ]


def test_the_json_has_exactly_the_keys_that_are_promised(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    status, found = judged(tmp_path, written("850", order_850(), wrong_order()), capsys)
    assert status == 1
    accepted = {
        "set": "850",
        "control_number": "0017",
        "ak5": "A",
        "codes": [],
        "verdict": "accepted",
        "errors": [],
        "warnings": [],
    }
    error = {
        "segment": "CTT",
        "position": 19,
        "element": 1,
        "ak3": "8",
        "ak4": "6",
        "value": "two",
        "text": "CTT (segment 19), element 1, number of line items: 'two' is not a whole number in digits.",
    }
    assert found == {
        "readable": True,
        "problems": [],
        "interchanges": [
            {
                "sender": "ZZ:SHOPTEST",
                "receiver": "12:5550100",
                "control_number": "000000042",
                "usage": "T",
                "ta1": {"requested": False, "code": "A", "note": "000"},
                "verdict": "partially_accepted",
                "groups": [
                    {
                        "functional_id": "PO",
                        "control_number": "17",
                        "version": "004010",
                        "ak9": "P",
                        "codes": [],
                        "verdict": "partially_accepted",
                        "transaction_sets": [
                            accepted,
                            {
                                "set": "850",
                                "control_number": "0018",
                                "ak5": "R",
                                "codes": ["5"],
                                "verdict": "rejected",
                                "errors": [error],
                                "warnings": [],
                            },
                        ],
                    }
                ],
            }
        ],
    }


def test_errors_that_are_noted_only_exit_with_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, found = judged(tmp_path, SMALL.replace("*NE*", "*QQ*").encode(), capsys)
    (interchange,) = found["interchanges"]
    (group,) = interchange["groups"]
    (one,) = group["transaction_sets"]
    assert (status, interchange["verdict"], group["ak9"], one["ak5"]) == (0, "accepted_with_errors", "E", "E")
    assert [(each["segment"], each["position"], each["element"], each["ak4"]) for each in one["errors"]] == [
        ("BEG", 2, 2, "7")
    ]


def test_a_missing_segment_and_a_wrong_count_carry_their_codes(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = SMALL.replace("BEG*00*NE*1**20260302~", "").encode()
    status, found = judged(tmp_path, data, capsys)
    (one,) = found["interchanges"][0]["groups"][0]["transaction_sets"]
    assert (status, one["ak5"], one["codes"]) == (1, "R", ["5", "4"])
    assert [
        (each["segment"], each["position"], each["element"], each["ak3"], each["ak4"])
        for each in one["errors"]
    ] == [("BEG", 2, None, "3", ""), ("SE", 0, None, "", "")]


def test_what_is_allowed_and_undescribed_is_a_warning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    body = [*order_850()[:5], segment("SI", "TI", "1", "A"), *order_850()[5:]]
    status, found = judged(tmp_path, written("850", body), capsys)
    (one,) = found["interchanges"][0]["groups"][0]["transaction_sets"]
    assert (status, one["verdict"], one["errors"]) == (0, "accepted", [])
    assert [each["code"] for each in one["warnings"]] == ["unread"]


def test_the_same_interchange_twice_is_noticed_within_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = SMALL.encode()
    status, found = judged(tmp_path, data + b"\n" + data, capsys)
    assert status == 1
    assert [each["ta1"]["code"] + each["ta1"]["note"] for each in found["interchanges"]] == ["A000", "R025"]
    assert [each["verdict"] for each in found["interchanges"]] == ["accepted", "rejected"]
    assert [(each["code"], each["offset"]) for each in found["problems"]] == [("ta1_025", len(data) + 1)]
    other = data.replace(b"000000042", b"000000043")
    assert judged(tmp_path, data + other, capsys)[0] == 0


def test_what_stands_around_an_interchange_is_a_problem_of_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = b"\xef\xbb\xbf\r\n" + SMALL.encode() + b"\nand more"
    status, found = judged(tmp_path, data, capsys)
    assert status == 0
    assert [(each["code"], each["offset"]) for each in found["problems"]] == [
        ("byte_order_mark", 0),
        ("blanks_before_isa", 3),
        ("bytes_outside", 6 + len(SMALL)),
    ]


def test_a_cut_file_exits_with_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, found = judged(tmp_path, written("855", acknowledgment_855())[:-12], capsys)
    assert status == 1
    assert found["readable"] is True
    assert found["interchanges"][0]["ta1"] == {"requested": False, "code": "R", "note": "001"}


def test_an_interchange_that_cannot_be_read_among_others_exits_with_1(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    crooked = SMALL.replace("5550100        *", "5550100*", 1)
    status, found = judged(tmp_path, (SMALL + "\n" + crooked).encode(), capsys)
    assert (status, found["readable"], len(found["interchanges"])) == (1, True, 1)
    assert [(each["code"], each["offset"]) for each in found["problems"]] == [
        ("unreadable_interchange", len(SMALL) + 1)
    ]
    status, found = judged(tmp_path, crooked.encode(), capsys)
    assert (status, found["readable"], found["interchanges"]) == (2, False, [])


@pytest.mark.parametrize("data", [b"", b"  \n", b"hello", b"ISA*cut", b"\xff\xfeI\x00", bytes(range(1, 256))])
@pytest.mark.parametrize("verb", ["check", "explain", "ack"])
def test_what_is_not_x12_exits_with_2(
    verb: str, data: bytes, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "in.x12"
    path.write_bytes(data)
    assert main([verb, str(path)]) == 2
    told = capsys.readouterr()
    assert len((told.out + told.err).splitlines()) == 1
    if verb == "check":
        status, found = judged(tmp_path, data, capsys)
        assert (status, found["readable"], found["interchanges"]) == (2, False, [])
        assert len(found["problems"]) == 1


@pytest.mark.parametrize("verb", ["check", "explain", "ack"])
@pytest.mark.parametrize("name", ["none", "", "with\0nul", "x" * 300])
def test_a_path_that_cannot_be_read_exits_with_2(
    name: str, verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([verb, f"{tmp_path}/{name}"]) == 2
    told = capsys.readouterr()
    assert "cannot be read" in told.err
    assert told.out == ""


def test_a_path_that_cannot_be_read_is_told_as_json_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "--json", str(tmp_path)]) == 2
    found = json.loads(capsys.readouterr().out)
    assert (found["readable"], found["interchanges"]) == (False, [])
    assert [each["code"] for each in found["problems"]] == ["cannot_be_read"]


def test_a_file_without_permission_exits_with_2(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "in.x12"
    path.write_bytes(SMALL.encode())
    assert main(["check", str(path)]) == 0
    path.chmod(0)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    try:
        assert main(["check", str(path)]) == 2
    finally:
        os.seteuid(user)
    assert "cannot be read (Permission denied)" in capsys.readouterr().err


def test_neither_django_nor_pyx12_is_needed(tmp_path: Path) -> None:
    path = tmp_path / "in.x12"
    path.write_bytes(SMALL.encode())
    before = "sys.modules.update({'django': None, 'pyx12': None})"
    for verb in ("check", "explain", "ack"):
        found = command(verb, str(path), before=before)
        assert (found.returncode, found.stderr) == (0, b"")
        assert found.stdout


def test_who_reads_no_further_causes_no_traceback(tmp_path: Path) -> None:
    path = tmp_path / "in.x12"
    path.write_bytes(written("850", *[order_850()] * 300))
    with subprocess.Popen(
        [sys.executable, "-m", "integration.x12", "explain", str(path)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(120) == 1


def test_a_terminal_that_knows_ascii_only_gets_escapes(tmp_path: Path) -> None:
    path = tmp_path / "in.x12"
    body = [*order_850()[:2], segment("REF", "CO", "Ж\N{RIGHT-TO-LEFT OVERRIDE}" * 30), *order_850()[3:]]
    path.write_bytes(written("850", body))
    found = command("explain", str(path), env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert (found.returncode, found.stderr) == (0, b"")
    assert b"\\u202e" in found.stdout


@pytest.mark.parametrize("verb", ["check", "explain", "ack"])
def test_a_hundred_megabytes_of_zeros_exit_with_2(verb: str, tmp_path: Path) -> None:
    path = tmp_path / "zeros"
    with path.open("wb") as file:
        file.truncate(100 * 1024 * 1024)
    found = command(
        verb,
        str(path),
        before="import resource; resource.setrlimit(resource.RLIMIT_AS, (512 << 20, 512 << 20))",
        timeout=120,
    )
    assert (found.returncode, found.stderr.count(b"Traceback")) == (2, 0)


def test_help_says_what_each_command_does(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["--help"], ["check", "--help"], ["explain", "--help"], ["ack", "--help"]):
        with pytest.raises(SystemExit) as left:
            main(arguments)
        assert left.value.code == 0
        assert len(capsys.readouterr().out.splitlines()) > 8
