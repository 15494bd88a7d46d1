"""Looks at a page as axe-core does: WCAG 2.0 to 2.2, levels A and AA."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

from playwright.sync_api import Page

_AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text()
_RUN = """async () => {
    for (const each of document.getAnimations())
        if (each.effect.getComputedTiming().endTime !== Infinity) each.finish();
    const levels = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];
    const found = await axe.run(document, { runOnly: levels, resultTypes: ["violations"] });
    return found.violations.map((each) => ({
        rule: each.id,
        nodes: each.nodes.map((node) => ({ where: node.target.join(" "), html: node.html.slice(0, 200) })),
    }));
}"""
KNOWN = Path(__file__).parent / "axe_known.json"
"""Violations that the theme brings along: by rule, the beginnings of what is said to be at fault, each with why it stays."""


def violations(page: Page) -> list[dict[str, Any]]:
    """Return what is wrong with the page as it is now, without what is known of the theme: rule and nodes.

    The script is run by the browser's tools, so the page's own policy on scripts stays as it is. Transitions are ended
    first: colours halfway between light and dark are nobody's choice.
    """
    # Without its styles and scripts a page is another one.
    page.wait_for_load_state("load")
    page.evaluate(_AXE)
    known: dict[str, dict[str, str]] = json.loads(KNOWN.read_text())
    found = []
    for each in page.evaluate(_RUN):
        excused = tuple(known.get(each["rule"], {}))
        nodes = [node for node in each["nodes"] if not node["html"].startswith(excused or ("\0",))]
        if nodes:
            found.append({"rule": each["rule"], "nodes": nodes})
    return found
