// Back on a list: the row that was looked at has the focus again, and is in sight. The address names it (#row-12).
// What the theme hides until its own scripts have run cannot have the focus, so this waits for them.
addEventListener("load", () => {
  const named = /^#row-(\d+)$/.exec(location.hash);
  if (!named) { return; }
  const links = [...document.querySelectorAll("#result_list a")];
  const link = links.find((each) => each.pathname.endsWith(`/${named[1]}/change/`));
  if (!link) { return; }
  link.scrollIntoView({ block: "center" });
  link.focus();
});
