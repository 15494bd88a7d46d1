// Tells of everything that somebody does to the page: each press of a pointer, each choice in a list, and each key that is
// not text in a field. What is typed is part of the Enter, or the click, that ends it.
(() => {
    const typed = (event) =>
        event.key.length === 1 && !event.ctrlKey && !event.altKey && !event.metaKey &&
        event.target.closest("input:not([type=checkbox]):not([type=radio]):not([type=button]):not([type=submit]), textarea");
    const edits = ["Backspace", "Delete", "Shift", "Control", "Alt", "Meta"];
    const named = (element) => (element.innerText || element.value || element.name || element.tagName).trim().slice(0, 60);
    addEventListener("pointerdown", (event) => event.isTrusted && window.tellAction(`click ${named(event.target)}`), true);
    addEventListener("keydown", (event) => {
        if (!event.isTrusted || event.repeat || typed(event) || edits.includes(event.key)) return;
        window.tellAction(`key ${event.key}`);
    }, true);
    addEventListener("change", (event) => {
        if (event.target.tagName === "SELECT") window.tellAction(`choose ${named(event.target)}`);
    }, true);
})();
