"""The door to interchanges: cutting a file, reading one, writing one. See the modules for shapes and
errors."""

from integration.x12.reading import (
    MAX_SEGMENT_BYTES,
    MAX_SET_BYTES,
    GroupReading,
    InterchangeReading,
    SetReading,
    parse_segments,
    read_interchange,
)
from integration.x12.splitting import Arrival, FileReading, Piece, how_far, is_whole, split_interchanges
from integration.x12.writing import (
    EnvelopeError,
    GroupToWrite,
    InterchangeHeader,
    SetToWrite,
    set_segments,
    write_interchange,
)

__all__ = [
    "MAX_SEGMENT_BYTES",
    "MAX_SET_BYTES",
    "Arrival",
    "EnvelopeError",
    "FileReading",
    "GroupReading",
    "GroupToWrite",
    "InterchangeHeader",
    "InterchangeReading",
    "Piece",
    "SetReading",
    "SetToWrite",
    "how_far",
    "is_whole",
    "parse_segments",
    "read_interchange",
    "set_segments",
    "split_interchanges",
    "write_interchange",
]
