"""An export's file as it lies in its parts, and as it leaves: packed or plain, the same bytes each time.

Each part is packed by itself and ended by a full flush of deflate, so that the parts, one behind the other between one head and
one end, are one member of gzip: programs that unpack no second member read the whole of it.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from collections.abc import Iterator

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from archive import keys
from portal.models import Export, ExportPart

_RAW = -zlib.MAX_WBITS
_HEAD = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
"""Of gzip (RFC 1952): deflate, no name, no time, no system."""
_LAST = b"\x03\x00"
"""A last block of deflate that holds nothing."""
_AROUND = len(_HEAD) + len(_LAST) + 8
_TAG_BYTES = 16


class PartsMissing(Exception):
    """The parts of an export are not all there, or do not open."""


def packed(plain: bytes) -> bytes:
    """Return ``plain`` as a part holds it before it is encrypted."""
    packer = zlib.compressobj(6, zlib.DEFLATED, _RAW)
    return packer.compress(plain) + packer.flush(zlib.Z_FULL_FLUSH)


def sealed(export: Export, number: int, plain: bytes, rows: int) -> ExportPart:
    """Return part ``number`` of ``export``, not yet written."""
    nonce = os.urandom(keys.NONCE_BYTES)
    content = _cipher(export).encrypt(nonce, packed(plain), _bound(export, number))
    return ExportPart(export=export, number=number, rows=rows, nonce=nonce, content=content)


def chained(digest: str, plain: bytes) -> str:
    """Return the digest of a file that went on with ``plain``."""
    return hashlib.sha256(digest.encode() + hashlib.sha256(plain).digest()).hexdigest()


def packed_size(export: Export) -> int:
    """Return of how many bytes the packed file is."""
    return export.packed - export.parts_done * _TAG_BYTES + _AROUND


def packed_file(export: Export) -> Iterator[bytes]:
    """Yield the file as gzip, a part at a time. Raises ``PartsMissing``."""
    yield _HEAD
    yield from _opened(export)
    yield _LAST + struct.pack("<II", export.checksum, export.size & 0xFFFFFFFF)


def plain_file(export: Export) -> Iterator[bytes]:
    """Yield the file as it is read, a part at a time. Raises ``PartsMissing``."""
    for part in _opened(export):
        yield zlib.decompressobj(_RAW).decompress(part)


def require_parts(export: Export) -> None:
    """Raise ``PartsMissing`` where not every part is there, as in a database that was restored, or the key opens none."""
    if export.parts.count() != export.parts_done:
        raise PartsMissing("Its parts are not there: the database was restored since.")
    _cipher(export)


def _opened(export: Export) -> Iterator[bytes]:
    cipher = _cipher(export)
    for number in range(1, export.parts_done + 1):
        part = ExportPart.objects.filter(export=export, number=number).first()
        if part is None:
            raise PartsMissing(f"Part {number} of {export} was removed while it was read.")
        try:
            yield cipher.decrypt(bytes(part.nonce), bytes(part.content), _bound(export, number))
        except InvalidTag as error:
            raise PartsMissing(f"Part {number} of {export} is not as it was written.") from error


def _cipher(export: Export) -> AESGCM:
    try:
        return AESGCM(keys.opened_by_store(bytes(export.wrapped), export.store_key, str(export)))
    except keys.KeyMissing as error:
        raise PartsMissing(f"It does not open any more: {error}.") from error


def _bound(export: Export, number: int) -> bytes:
    """Return what binds a part to its place: put elsewhere, it does not open."""
    return f"{export.subject}:{number}".encode()
