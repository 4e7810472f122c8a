// "Copy" buttons: data-copy is the id of what is copied, data-copied what the button says afterwards.

const SAY_COPIED_FOR = 2_500;
const labels = new Map();

export function enableCopying() {
  for (const button of document.querySelectorAll("[data-copy]")) {
    button.hidden = false;
    button.addEventListener("click", async () => {
      if (await copy(document.getElementById(button.dataset.copy))) sayCopied(button);
    });
  }
}

/** For a while `button` says so, by its data-copied. */
export function sayCopied(button) {
  if (labels.has(button)) return;
  labels.set(button, button.textContent);
  button.textContent = button.dataset.copied;
  setTimeout(() => {
    button.textContent = labels.get(button);
    labels.delete(button);
  }, SAY_COPIED_FOR);
}

/** Copies what `element` shows, or `text` in its place; false where the browser lets nobody copy. */
export async function copy(element, text = textOf(element)) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    // No clipboard by permission or plain http: select it, which the old command or the person can copy.
    getSelection().selectAllChildren(element);
    return document.execCommand("copy");
  }
}

function textOf(element) {
  const items = [...element.querySelectorAll("li")];
  return items.length ? items.map((item) => item.textContent.trim()).join("\n") : element.textContent.trim();
}
