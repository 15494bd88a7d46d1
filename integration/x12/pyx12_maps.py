"""Maps for pyx12, the second engine, made of our tables: one map for each set and version.

pyx12 takes its facts from files: a map, ``codes.xml`` and ``dataele.xml`` in one folder. They are written into a
temporary folder of their own, since lengths and codes differ between versions, and loaded from there; what is loaded
needs the folder no more and is kept.

What is particular to pyx12 4.0: it matches segments by the codes of their first element where these stand in the map,
so all codes are an external list; it knows a loop by its own and its parent's name, so each loop has a name of its own
(with a ``_``, which no path of segments has); ISA12 tells it the character set. HL is one flat loop, as in the
standard.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree.ElementTree import Element, SubElement, tostring

from pyx12.map_if import load_map_file, map_if
from pyx12.params import ParamsBase

from integration.x12.tables import ElementTable, LoopTable, SegmentTable, SegmentUse, SetTable

_ISA_ELEMENTS = 16
_NO_LIMIT = ">1"


@lru_cache(maxsize=64)
def load_map(table: SetTable) -> map_if:
    """The map of a set, loaded; it is only read, by any number of threads."""
    with TemporaryDirectory(prefix="gridport-maps-") as name:
        folder = Path(name)
        elements = {each.data_element: each for each in _elements(table)}
        _write(folder / "codes.xml", _codes(elements))
        _write(folder / "dataele.xml", _dictionary(elements))
        _write(folder / f"{table.code}.xml", _map(table))
        return load_map_file(f"{table.code}.xml", ParamsBase(), name)


def _write(path: Path, root: Element) -> None:
    path.write_bytes(tostring(root, encoding="utf-8", xml_declaration=True))


def _elements(table: SetTable) -> Iterator[ElementTable]:
    for segment in table.segments.values():
        for element in segment.elements:
            yield element
            yield from element.components


def _codes(elements: dict[str, ElementTable]) -> Element:
    root = Element("codes")
    for number, element in elements.items():
        if element.codes is not None:
            listed = SubElement(root, "codeset")
            SubElement(listed, "id").text = number
            SubElement(listed, "name").text = element.name
            SubElement(listed, "data_ele").text = number
            version = SubElement(listed, "version")
            for code in sorted(element.codes):
                SubElement(version, "code").text = code
    return root


def _dictionary(elements: dict[str, ElementTable]) -> Element:
    root = Element("data_elements")
    for number, element in elements.items():
        if element.kind != "C":
            SubElement(
                root,
                "data_ele",
                ele_num=number,
                data_type=element.kind,
                min_len=str(element.min),
                max_len=str(element.max),
                name=element.name,
            )
    return root


def _map(table: SetTable) -> Element:
    root = Element("transaction", xid=table.code)
    SubElement(root, "name").text = table.name
    interchange = _loop(root, "ISA_LOOP", 1, "R", "1")
    isa = _segment(interchange, "ISA", 1, "S", "1")
    for number in range(1, _ISA_ELEMENTS + 1):
        element = SubElement(isa, "element", xid=f"ISA{number:02d}")
        _tell(element, usage="R", seq=f"{number:02d}", name="ISA")
        if number == 12:
            valid = SubElement(element, "valid_codes")
            SubElement(valid, "code").text = "00501" if table.version == "005010" else "00401"
    whole = _loop(interchange, "ST_LOOP", 2, "R", _NO_LIMIT)
    _fill(whole, table.root, count(1))
    return root


def _fill(parent: Element, loop: LoopTable, names: Iterator[int]) -> None:
    for position, member in enumerate(loop.members, start=1):
        usage = "R" if member.required else "S"
        most = _NO_LIMIT if member.max_use is None else str(member.max_use)
        if isinstance(member, SegmentUse):
            _describe(_segment(parent, member.tag, position, usage, most), member.table)
        else:
            _fill(_loop(parent, f"{member.name}_{next(names)}", position, usage, most), member, names)


def _loop(parent: Element, name: str, position: int, usage: str, repeat: str) -> Element:
    loop = SubElement(parent, "loop", xid=name)
    _tell(loop, name=name, usage=usage, pos=str(position), repeat=repeat)
    return loop


def _segment(parent: Element, tag: str, position: int, usage: str, max_use: str) -> Element:
    segment = SubElement(parent, "segment", xid=tag)
    _tell(segment, name=tag, usage=usage, pos=str(position), max_use=max_use)
    return segment


def _describe(segment: Element, table: SegmentTable) -> None:
    for note in table.notes:
        SubElement(segment, "syntax").text = str(note)
    for element in table.elements:
        name = f"{table.tag}{element.number:02d}"
        if element.kind != "C":
            _element(segment, element, name)
            continue
        composite = SubElement(segment, "composite", xid=name)
        usage = "R" if element.required else "S"
        _tell(composite, usage=usage, seq=f"{element.number:02d}", name=element.name)
        for component in element.components:
            _element(composite, component, f"{name}-{component.number:02d}")


def _element(parent: Element, table: ElementTable, name: str) -> None:
    element = SubElement(parent, "element", xid=name)
    usage = "R" if table.required else "S"
    _tell(element, data_ele=table.data_element, usage=usage, seq=f"{table.number:02d}", name=table.name)
    if table.codes is not None:
        SubElement(element, "valid_codes", external=table.data_element)


def _tell(parent: Element, **texts: str) -> None:
    for name, text in texts.items():
        SubElement(parent, name).text = text
