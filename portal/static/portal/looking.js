// Tells the portal that this page is still open, and shows who else has it open. A page in the background tells nothing.
(function () {
  "use strict";
  const part = document.getElementById("looking");

  async function tell() {
    if (!document.hidden) {
      try {
        const token = document.querySelector("[name=csrfmiddlewaretoken]");
        const answer = await fetch(part.dataset.url, {
          method: "POST",
          headers: { "X-CSRFToken": token ? token.value : "" },
          redirect: "error",
        });
        if (answer.ok) {
          const words = await answer.text();
          if (words.trim() !== part.innerHTML.trim()) { part.innerHTML = words; }
        }
      } catch (error) {
        // The portal is away for a moment: the next turn tells it.
      }
    }
    setTimeout(tell, 20000);
  }

  if (part) { setTimeout(tell, 20000); }
})();
