"""``python -m integration.documents schema invoice`` prints the JSON Schema of that kind of document."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence

from integration.documents.kinds import KINDS
from integration.documents.schema import json_schema


def main(arguments: Sequence[str] | None = None) -> int:
    """Print what is asked for; the exit code is 0, or 2 for arguments that it does not know."""
    parser = argparse.ArgumentParser(
        prog="python -m integration.documents", description="Business documents."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    schema = commands.add_parser("schema", help="print the JSON Schema (draft 2020-12) of a kind of document")
    schema.add_argument("kind", choices=tuple(KINDS), help="the kind of document")
    chosen = parser.parse_args(arguments)
    sys.stdout.write(json.dumps(json_schema(chosen.kind), indent=2, ensure_ascii=False) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
