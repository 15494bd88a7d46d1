"""``python -m integration.x12``: check, explain and answer files of X12; ``command`` says how."""

from integration.x12.command import main

if __name__ == "__main__":
    raise SystemExit(main())
