// Copies what stands beside a button. A page that is shown once gives the address of the page that stays to whoever reloads it.
(function () {
  "use strict";
  for (const button of document.querySelectorAll("[data-copies]")) {
    const part = document.getElementById(button.dataset.copies);
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(part.textContent);
      } catch (error) {
        // Without https there is no clipboard to write to: what is chosen is copied by the older way.
        getSelection().selectAllChildren(part);
        document.execCommand("copy");
      }
      button.querySelector("[data-words]").textContent = button.dataset.done;
    });
  }
  const once = document.querySelector("[data-leads-to]");
  if (once) { history.replaceState(null, "", once.dataset.leadsTo); }
})();
