"""As much of OpenAPI 3.0 as says whether an answer fits its description: references, types, closed objects, choices."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


class Description:
    """One official description. ``where`` names a place in an answer: ``billing_address.zip``, ``data[].id``."""

    def __init__(self, file: Path) -> None:
        self.content: Any = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)

    def answer(self, path: str, status: int = 200, method: str = "get") -> Any:
        """Return the schema of an answer."""
        found = self.resolved(self.content["paths"][path][method]["responses"][str(status)])
        return found["content"]["application/json"]["schema"]

    def properties(self, name: str) -> dict[str, Any]:
        """Return the properties of a named schema."""
        return self._fields({"$ref": f"#/components/schemas/{name}"})[0]

    def misfits(self, schema: Any, value: Any, where: str = "") -> set[str]:
        """Return what does not fit, each as ``place: what``."""
        schema = self.resolved(schema)
        if value is None:
            return set() if schema.get("nullable") or schema.get("x-nullable") else {f"{where}: null"}
        if "oneOf" in schema or "anyOf" in schema:
            tries = [self.misfits(each, value, where) for each in schema.get("oneOf") or schema["anyOf"]]
            return min(tries, key=len)
        kinds = TYPES.get(schema.get("type", ""), (object,))
        if not isinstance(value, kinds) or (
            isinstance(value, bool) and bool not in kinds and object not in kinds
        ):
            return {f"{where}: {type(value).__name__}, not {schema['type']}"}
        if "enum" in schema and value not in schema["enum"]:
            return {f"{where}: {value!r}, not one of the choices"}
        if isinstance(value, dict):
            return self._misfits_inside(schema, value, where)
        if isinstance(value, list):
            items = schema.get("items", {})
            return {each for part in value for each in self.misfits(items, part, f"{where}[]")}
        return set()

    def _misfits_inside(self, schema: Any, value: dict[str, Any], where: str) -> set[str]:
        known, required = self._fields(schema)
        found = {f"{where}.{name}".lstrip(".") + ": missing" for name in required - value.keys()}
        for name, part in value.items():
            place = f"{where}.{name}".lstrip(".")
            if name in known:
                found |= self.misfits(known[name], part, place)
            elif known:
                found.add(f"{place}: not described")
        return found

    def _fields(self, schema: Any) -> tuple[dict[str, Any], set[str]]:
        """Return the properties of an object, put together from its parts, and which of them are required."""
        schema = self.resolved(schema)
        known, required = dict(schema.get("properties", {})), set(schema.get("required", []))
        for part in schema.get("allOf", []):
            inner = self._fields(part)
            known |= inner[0]
            required |= inner[1]
        return known, required

    def resolved(self, schema: Any) -> Any:
        """Return what a reference names."""
        while "$ref" in schema:
            found = self.content
            for name in schema["$ref"].removeprefix("#/").split("/"):
                found = found[name.replace("~1", "/")]
            schema = found
        return schema
