// What stands in the page's markup, translated: templates to copy, and texts that get their values here.

export function copyOf(name) {
  return document.querySelector(`[data-template="${name}"]`).content.firstElementChild.cloneNode(true);
}

export function screenOf(name) {
  return document.querySelector(`[data-screen="${name}"]`);
}

/** `text` with each {name} replaced by its value. */
export function fill(text, values) {
  return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
}

/** Writes each value as text into the elements that carry data-NAME. */
export function write(root, values) {
  for (const [name, value] of Object.entries(values)) {
    for (const element of root.querySelectorAll(`[data-${name}]`)) say(element, value);
  }
}

/** A live region is read out when it is written, even with the same words. */
export function say(element, text) {
  if (element.textContent !== String(text)) element.textContent = text;
}

/** The text that `element` has for a code like "no_service", or undefined. */
export function textFor(element, code) {
  const words = String(code).split(/[_-]/);
  return element.dataset[`text${words.map((word) => word[0].toUpperCase() + word.slice(1)).join("")}`];
}

/** The same for why something did not work; for what has no words of its own there is one sentence. */
export function wordsFor(element, code) {
  return textFor(element, code) ?? element.dataset.textOtherwise ?? element.dataset.textUnreachable;
}

/** Digits that are read out one by one. */
export function writeDigits(element, digits, shown = digits) {
  element.textContent = shown;
  element.setAttribute("aria-label", [...digits].join(" "));
}
