"""The door to interchanges: cutting a file, reading one, writing one. See the modules for shapes and
errors."""

from integration.x12.reading import read_interchange
from integration.x12.received import (
    MAX_SEGMENT_BYTES,
    MAX_SET_BYTES,
    FileEnds,
    GroupBegins,
    GroupEnds,
    GroupReading,
    InterchangeBegins,
    InterchangeEnds,
    InterchangeReading,
    SetArrives,
    SetReading,
    parse_segments,
)
from integration.x12.splitting import Arrival, FileReading, Piece, how_far, is_whole, split_interchanges
from integration.x12.streaming import read_file
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
    "FileEnds",
    "FileReading",
    "GroupBegins",
    "GroupEnds",
    "GroupReading",
    "GroupToWrite",
    "InterchangeBegins",
    "InterchangeEnds",
    "InterchangeHeader",
    "InterchangeReading",
    "Piece",
    "SetArrives",
    "SetReading",
    "SetToWrite",
    "how_far",
    "is_whole",
    "parse_segments",
    "read_file",
    "read_interchange",
    "set_segments",
    "split_interchanges",
    "write_interchange",
]
