// Sending again: the button waits for the tick where one is asked for, and a form that is on its way is not sent twice.
// The server refuses both by itself; this only shows it before.
(function () {
  "use strict";
  const form = document.querySelector("form[data-again]");
  const button = form && form.querySelector("button[type=submit]");
  if (!button) { return; } // where nothing of it can be sent, there is none
  const tick = form.querySelector("input[name=confirmed]");
  let isSent = false;

  function show() { button.disabled = Boolean(tick && !tick.checked); }

  form.addEventListener("submit", (event) => {
    if (isSent) { event.preventDefault(); return; }
    isSent = true;
    button.setAttribute("aria-busy", "true");
  });
  // A page that comes back from the browser's memory can be sent once more; the server knows its key.
  addEventListener("pageshow", () => { isSent = false; button.removeAttribute("aria-busy"); show(); });
  if (tick) { tick.addEventListener("change", show); }
  show();
})();
