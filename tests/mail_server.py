"""A real SMTP server for tests: it speaks over a socket, keeps what it took as files, and refuses what it is told to."""

from __future__ import annotations

import base64
import email
import email.policy
import socketserver
import ssl
import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from ipaddress import ip_address
from itertools import count
from pathlib import Path
from typing import Any, cast

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CUT = "cut"
"""In the place of an answer: the line ends without one."""


class MailCatcher(socketserver.ThreadingTCPServer):
    """The server. ``says`` holds, by verb, the answers that it gives before its usual ones; ``.`` is the end of the text."""

    daemon_threads = True
    allow_reuse_address = True

    def __init__(
        self, folder: Path, *, tls: ssl.SSLContext | None = None, implicit: bool = False, login: str = ""
    ) -> None:
        super().__init__(("127.0.0.1", 0), _Talk)
        self.folder, self.tls, self.implicit, self.login = folder, tls, implicit, login
        self.says: dict[str, list[str]] = defaultdict(list)
        self.heard: list[str] = []
        self._numbers = count(len(list(folder.glob("*.eml"))) + 1)

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def keep(self, data: bytes) -> None:
        """Take a mail: from here on it is mailed."""
        (self.folder / f"{next(self._numbers):05d}.eml").write_bytes(data)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing: lines break here on purpose."""


class _Talk(socketserver.StreamRequestHandler):
    def setup(self) -> None:
        self.mails = cast(MailCatcher, self.server)
        if self.mails.implicit and self.mails.tls is not None:
            self.request = self.mails.tls.wrap_socket(self.request, server_side=True)
        super().setup()

    def finish(self) -> None:
        super().finish()
        if isinstance(self.request, ssl.SSLSocket):
            self.request.close()

    def handle(self) -> None:
        self.answer("220 mail.example.test")
        while line := self.rfile.readline():
            verb = line.decode("latin-1").strip().partition(" ")[0].upper()
            self.mails.heard.append(line.decode("latin-1").strip())
            scripted = self.mails.says[verb]
            if scripted:
                said = scripted.pop(0)
                if said == CUT:
                    return
                self.answer(said)
            elif not self.usual(verb, line):
                return

    def usual(self, verb: str, line: bytes) -> bool:
        if verb == "EHLO":
            offers = ["250-mail.example.test"]
            offers += ["250-STARTTLS"] if self.mails.tls is not None and not self.mails.implicit else []
            offers += ["250-AUTH PLAIN"] if self.mails.login else []
            self.answer("\r\n".join([*offers, "250 8BITMIME"]))
        elif verb == "STARTTLS" and self.mails.tls is not None:
            self.answer("220 go ahead")
            self.request = self.mails.tls.wrap_socket(self.request, server_side=True)
            super().setup()
        elif verb == "AUTH":
            given = base64.b64decode(line.split()[-1]).decode().split("\0")
            good = ":".join(given[1:]) == self.mails.login
            self.answer("235 welcome" if good else "535 5.7.8 wrong name or password")
        elif verb == "DATA":
            self.answer("354 go on")
            return self.take()
        else:
            self.answer("221 bye" if verb == "QUIT" else "250 fine")
        return verb != "QUIT"

    def take(self) -> bool:
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                return False
            lines.append(line.removeprefix(b"."))
        said = self.mails.says["."].pop(0) if self.mails.says["."] else "250 2.0.0 taken"
        if said == CUT or said.startswith("250"):
            self.mails.keep(b"".join(lines))
        if said == CUT:
            return False
        self.answer(said)
        return True

    def answer(self, text: str) -> None:
        self.wfile.write(f"{text}\r\n".encode())
        self.wfile.flush()


@contextmanager
def open_mail_server(folder: Path, **options: Any) -> Iterator[MailCatcher]:
    """Serve on a thread of its own; what it takes lies in ``folder``."""
    folder.mkdir(exist_ok=True)
    with MailCatcher(folder, **options) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


def taken(folder: Path) -> list[EmailMessage]:
    """Return the mails that a server took, in their order."""
    return [
        cast(EmailMessage, email.message_from_bytes(path.read_bytes(), policy=email.policy.default))
        for path in sorted(folder.glob("*.eml"))
    ]


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    """Return the file of a certificate for 127.0.0.1, made now, and the context of a server that has it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / "certificate.pem"
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(private)
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file, folder / "key.pem")
    return file, context
