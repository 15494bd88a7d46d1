// The luminance of the page's background, and the texts that stand out from theirs too little (WCAG 2.2, 1.4.3 and
// 1.4.11: 4.5 to 1, icons 3 to 1). Colours are drawn and read back, so that any notation is understood.
() => {
    // Colours halfway between two are nobody's choice.
    for (const each of document.getAnimations())
        if (each.effect.getComputedTiming().endTime !== Infinity) each.finish();
    const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
    const rgba = (colour) => {
        canvas.clearRect(0, 0, 1, 1);
        canvas.fillStyle = colour;
        canvas.fillRect(0, 0, 1, 1);
        const [red, green, blue, alpha] = canvas.getImageData(0, 0, 1, 1).data;
        return [red, green, blue, alpha / 255];
    };
    const over = (top, below) =>
        [0, 1, 2].map((at) => top[at] * top[3] + below[at] * (1 - top[3])).concat(1);
    const luminance = (colour) => {
        const [red, green, blue] = colour
            .slice(0, 3)
            .map((value) => value / 255)
            .map((value) => (value <= 0.03928 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
    };
    const background = (element) => {
        const layers = [];
        for (let each = element; each; each = each.parentElement) {
            const colour = rgba(getComputedStyle(each).backgroundColor);
            if (colour[3] > 0) layers.push(colour);
            if (colour[3] === 1) break;
        }
        return layers.reverse().reduce((below, top) => over(top, below), [255, 255, 255, 1]);
    };
    const weak = [];
    const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (texts.nextNode()) {
        const words = texts.currentNode.textContent.trim();
        const element = texts.currentNode.parentElement;
        if (!words || !element.checkVisibility({ opacityProperty: true, visibilityProperty: true })) continue;
        const below = background(element);
        const shades = [luminance(over(rgba(getComputedStyle(element).color), below)), luminance(below)];
        const contrast = (Math.max(...shades) + 0.05) / (Math.min(...shades) + 0.05);
        const needed = element.classList.contains("material-symbols-outlined") ? 3 : 4.5;
        if (contrast < needed) weak.push(`${words.slice(0, 40)}: ${contrast.toFixed(2)}`);
    }
    return { background: luminance(background(document.getElementById("main"))), weak: [...new Set(weak)] };
}
