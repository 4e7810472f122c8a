// "Copy" buttons: data-copy is the id of what is copied, data-copied what the button says afterwards.

const SAY_COPIED_FOR = 2_500;

export function enableCopying() {
  for (const button of document.querySelectorAll("[data-copy]")) {
    const label = button.textContent;
    let saying = 0;
    button.hidden = false;
    button.addEventListener("click", async () => {
      if (!(await copy(document.getElementById(button.dataset.copy)))) return;
      button.textContent = button.dataset.copied;
      clearTimeout(saying);
      saying = setTimeout(() => (button.textContent = label), SAY_COPIED_FOR);
    });
  }
}

async function copy(element) {
  try {
    await navigator.clipboard.writeText(textOf(element));
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
