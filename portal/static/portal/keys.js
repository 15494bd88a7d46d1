// Keys of a page: an element with data-key="a" is focused where it is a field, and clicked otherwise, when that key is
// pressed outside of fields. Ctrl and Enter send the form that is written in. People who use their voice, or press keys by
// chance, switch the single keys off; that is remembered on their machine, and holds nothing else.
(function () {
  "use strict";
  const OFF = "gridport-keys-off";
  const toggle = document.getElementById("keys-toggle");

  function isOff() {
    try { return localStorage.getItem(OFF) === "1"; } catch (error) { return false; }
  }

  function show() {
    document.documentElement.classList.toggle("gp-keys-off", isOff());
    if (toggle) {
      toggle.setAttribute("aria-pressed", String(!isOff()));
      toggle.textContent = isOff() ? toggle.dataset.on : toggle.dataset.off;
    }
  }

  function isField(element) {
    return element && (element.isContentEditable || ["INPUT", "TEXTAREA", "SELECT"].includes(element.tagName));
  }

  document.addEventListener("keydown", function (event) {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.form) {
      event.preventDefault();
      event.target.form.requestSubmit();
      return;
    }
    if (event.key === "Escape" && isField(event.target) && event.target.dataset.key) { event.target.blur(); return; }
    if (isOff() || event.ctrlKey || event.metaKey || event.altKey || event.repeat || isField(event.target)) { return; }
    const found = document.querySelector(`[data-key="${CSS.escape(event.key)}"]`);
    if (!found || found.disabled) { return; }
    event.preventDefault();
    const closed = found.closest("details:not([open])");
    if (closed) { closed.open = true; }
    if (isField(found)) { found.focus(); } else { found.click(); }
  });

  if (toggle) {
    toggle.addEventListener("click", function () {
      try { localStorage.setItem(OFF, isOff() ? "0" : "1"); } catch (error) { /* Kept for this page at least. */ }
      show();
    });
  }
  show();
  const first = document.querySelector("[data-focus]");
  if (first && !location.hash) { first.focus({ preventScroll: first.tagName !== "A" && first.tagName !== "BUTTON" }); }
})();
