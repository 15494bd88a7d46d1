"""The processes of the demo: started together, watched, and stopped together."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
STOP_WITHIN = 15.0


class DemoError(Exception):
    """The demo cannot go on; the text says why and what to do."""


class Processes:
    """Child processes, each with a log file below ``logs``; a context manager that stops them all."""

    def __init__(self, logs: Path, environment: Mapping[str, str]) -> None:
        self.logs = logs
        self.environment = {**os.environ, **environment, "PYTHONUNBUFFERED": "1"}
        self._running: list[tuple[str, subprocess.Popen[str]]] = []

    def __enter__(self) -> Processes:
        self.logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(self, *problem: object) -> None:
        self.stop()

    def start(self, name: str, *arguments: str) -> None:
        """Start ``python arguments…``; its output goes to the log."""
        with self._log(name) as log:
            self._launch(name, arguments, stdout=log, stderr=log)

    def start_announced(self, name: str, *arguments: str, within: float = 30.0) -> dict[str, Any]:
        """Start ``python arguments…`` and return the JSON line that it prints once it is ready."""
        with self._log(name) as log:
            process = self._launch(name, arguments, stdout=subprocess.PIPE, stderr=log)
        assert process.stdout is not None
        # A process that neither speaks nor dies must not hold the demo for ever.
        guard = threading.Timer(within, process.kill)
        guard.start()
        line = process.stdout.readline()
        guard.cancel()
        if not line:
            raise DemoError(f"The {name} did not start; its log is {self.logs / f'{name}.log'}.")
        threading.Thread(target=process.stdout.read, daemon=True).start()
        announced: dict[str, Any] = json.loads(line)
        return announced

    def check(self) -> None:
        """Raise ``DemoError`` where a process has ended."""
        for name, process in self._running:
            if process.poll() is not None:
                raise DemoError(f"The {name} ended by itself; its log is {self.logs / f'{name}.log'}.")

    def stop(self) -> None:
        """Stop all, the last started first: politely, then by force."""
        for _, process in reversed(self._running):
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        deadline = time.monotonic() + STOP_WITHIN
        for _, process in reversed(self._running):
            try:
                process.wait(max(0.1, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
            if process.stdout is not None:
                process.stdout.close()
        self._running.clear()

    def _log(self, name: str) -> Any:
        return (self.logs / f"{name}.log").open("w")

    def _launch(self, name: str, arguments: Sequence[str], stdout: Any, stderr: Any) -> subprocess.Popen[str]:
        # A session of its own: Ctrl-C reaches the demo alone, which stops the others in order.
        process = subprocess.Popen(
            [sys.executable, *arguments],
            cwd=ROOT,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
            text=True,
            start_new_session=True,
        )
        self._running.append((name, process))
        return process
