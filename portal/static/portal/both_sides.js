// A field and its elements light up together while one of them is pointed at or has the focus. Without this, the
// anchors lead from one to the other.
const sides = document.querySelector(".gp-sides");

function light(name, on) {
    for (const each of sides.querySelectorAll(`[data-field="${name}"], [data-anchor="${name}"]`)) {
        each.classList.toggle("gp-lit", on);
    }
}

function nameOf(element) {
    const found = element.closest("[data-field], [data-anchor]");
    return found && (found.dataset.field || found.dataset.anchor);
}

for (const [event, on] of [["mouseover", true], ["mouseout", false], ["focusin", true], ["focusout", false]]) {
    sides?.addEventListener(event, (happened) => {
        const name = nameOf(happened.target);
        if (name) light(name, on);
    });
}
