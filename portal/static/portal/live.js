// Brings the part of a page that changes by itself (id "job") up to date every two seconds, until it says no more that
// it is live; then the whole page is read once, since its buttons change too.
(function () {
  "use strict";
  const part = document.getElementById("job");

  async function look() {
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html", "X-By-Itself": "1" }, redirect: "error" });
      if (answer.ok) {
        const page = new DOMParser().parseFromString(await answer.text(), "text/html");
        const fresh = page.getElementById("job");
        if (!fresh || !("live" in fresh.dataset)) {
          const typed = document.querySelector("#verbs textarea");
          if (!typed || !typed.value) { location.reload(); return; }
        }
        if (fresh && !part.contains(document.activeElement)) { part.replaceChildren(...fresh.childNodes); }
      }
    } catch (error) {
      // The portal is away for a moment: the next look finds it again.
    }
    setTimeout(look, 2000);
  }

  if (part) { setTimeout(look, 2000); }
})();
