"""As much of an official description as says what requests may carry; answers are held to it in ``tests/contract``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml


class Description:
    """One official description, as published."""

    def __init__(self, file: Path) -> None:
        self.content: Any = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)

    def properties(self, name: str) -> dict[str, Any]:
        """Return the properties of a named schema, put together from its parts."""
        return self._fields({"$ref": f"#/components/schemas/{name}"})

    def parameters(self, path: str) -> dict[str, Any]:
        """Return the query parameters of a list with their schemas."""
        found = [self.resolved(each) for each in self.content["paths"][path]["get"].get("parameters", [])]
        return {each["name"]: each["schema"] for each in found if each["in"] == "query"}

    def resolved(self, schema: Any) -> Any:
        """Return what a reference names."""
        while "$ref" in schema:
            found = self.content
            for name in schema["$ref"].removeprefix("#/").split("/"):
                found = found[name.replace("~1", "/")]
            schema = found
        return schema

    def _fields(self, schema: Any) -> dict[str, Any]:
        schema = self.resolved(schema)
        known = dict(schema.get("properties", {}))
        for part in schema.get("allOf", []):
            known |= self._fields(part)
        return known
