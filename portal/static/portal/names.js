// Gives names to the theme's fields that have none: a field in a table is called as its column, a choice with a search
// box (select2) as the field that it stands for. Rows that are added later are named when they come.
(function () {
  "use strict";

  function column(field) {
    const cell = field.closest("td");
    const row = cell && cell.parentElement;
    const heads = row && row.closest("table").querySelectorAll("thead th");
    const head = heads && heads[[...row.children].indexOf(cell)];
    return head ? head.textContent.trim() : "";
  }

  function isNamed(field) {
    return field.labels?.length || field.hasAttribute("aria-label") || field.hasAttribute("aria-labelledby");
  }

  function nameFields() {
    for (const field of document.querySelectorAll("td :is(input, select, textarea):not([type=hidden])")) {
      if (!isNamed(field)) field.setAttribute("aria-label", column(field) || field.name);
    }
    for (const search of document.querySelectorAll(".select2-search__field:not([aria-label])")) {
      const field = search.closest(".select2")?.previousElementSibling;
      search.setAttribute("aria-label", field?.labels?.[0]?.textContent.trim() || "Search");
      search.closest(".select2-selection")?.querySelector("ul")?.setAttribute("role", "presentation");
    }
    for (const choice of document.querySelectorAll(".select2-selection[aria-labelledby]")) {
      const field = choice.closest(".select2")?.previousElementSibling;
      const words = field && (field.labels?.[0]?.textContent.trim() || field.getAttribute("aria-label"));
      if (!words) continue;
      choice.removeAttribute("aria-labelledby");
      choice.setAttribute("aria-label", words);
      const shown = choice.querySelector("[role=textbox]");
      if (shown) shown.setAttribute("aria-label", words);
    }
  }

  document.addEventListener("DOMContentLoaded", () => {
    nameFields();
    new MutationObserver(nameFields).observe(document.body, { childList: true, subtree: true });
  });
})();
