// Raw X12: the segment that is asked for gets the focus; pointing at an element, or walking over it with the arrow keys,
// says what it is. Everything said here stands in the explanation below the segment too, which opens without a script.
(function () {
  "use strict";
  const list = document.querySelector(".gp-explained");
  if (!list) { return; }
  const said = document.createElement("div");
  said.className = "gp-told";
  said.setAttribute("role", "status");
  said.hidden = true;
  document.body.append(said);
  let current = null;

  function tell(element) {
    if (current) { current.classList.remove("gp-lit"); }
    current = element;
    said.hidden = !element;
    if (!element) { said.textContent = ""; return; }
    element.classList.add("gp-lit");
    said.textContent = element.textContent ? element.dataset.told + " = " + element.textContent : element.dataset.told;
    const box = element.getBoundingClientRect();
    said.style.left = Math.max(8, Math.min(box.left, innerWidth - said.offsetWidth - 8)) + "px";
    said.style.top = (box.top > said.offsetHeight + 12 ? box.top - said.offsetHeight - 6 : box.bottom + 6) + "px";
  }

  function walk(summary, step) {
    const all = [...summary.querySelectorAll("[data-told]")].filter((each) => each.textContent);
    const at = all.indexOf(current) + step;
    const next = all[Math.max(0, Math.min(at, all.length - 1))];
    if (next) { tell(next); }
  }

  list.addEventListener("mouseover", (event) => tell(event.target.closest("[data-told]")));
  list.addEventListener("mouseleave", () => tell(null));
  list.addEventListener("focusout", () => tell(null));
  addEventListener("scroll", () => tell(null), { passive: true });
  list.addEventListener("keydown", (event) => {
    const summary = event.target.closest("summary");
    if (!summary || event.altKey || event.ctrlKey || event.metaKey) { return; }
    const summaries = [...list.querySelectorAll("summary")];
    const at = summaries.indexOf(summary);
    if (event.key === "ArrowRight") { walk(summary, 1); }
    else if (event.key === "ArrowLeft") { walk(summary, -1); }
    else if (event.key === "ArrowDown" && at < summaries.length - 1) { summaries[at + 1].focus(); }
    else if (event.key === "ArrowUp" && at > 0) { summaries[at - 1].focus(); }
    else if (event.key === "Escape" && current) { tell(null); }
    else { return; }
    event.preventDefault();
  });

  function wanted() {
    const named = location.hash.startsWith("#segment-") ? document.getElementById(location.hash.slice(1)) : null;
    const summary = named || list.querySelector("[data-wanted] summary");
    if (!summary || summary.tagName !== "SUMMARY") { return; }
    summary.parentElement.open = true;
    summary.scrollIntoView({ block: "center" });
    summary.focus();
  }
  addEventListener("hashchange", wanted);
  wanted();

  const every = document.querySelector("[data-explain]");
  if (every) {
    every.hidden = false;
    every.addEventListener("click", () => {
      const open = every.getAttribute("aria-pressed") !== "true";
      every.setAttribute("aria-pressed", String(open));
      for (const each of list.querySelectorAll("details")) { each.open = open; }
    });
  }
  const copy = document.querySelector("[data-copy]");
  if (copy && navigator.clipboard) {
    copy.hidden = false;
    copy.addEventListener("click", async () => {
      const lines = [...list.querySelectorAll("code")].map((each) => each.textContent);
      await navigator.clipboard.writeText(lines.join("\n"));
      copy.querySelector("[data-words]").textContent = copy.dataset.copy;
    });
  }
})();
