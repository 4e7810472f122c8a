// The two pages of security keys: lets the browser make or ask a key, and sends the page's own form with its answer.

import { askKey, canUseKeys, makeKey } from "./lib/webauthn.js";

const form = document.querySelector("[data-key]");
const line = form.querySelector("[data-line]");
const button = form.querySelector("button");
const use = form.dataset.key === "create" ? makeKey : askKey;

async function onSubmit(event) {
  // The second time it is this script that sends the form.
  if (form.elements.answer.value) return;
  event.preventDefault();
  button.disabled = true;
  say(form.dataset.textWaiting);
  try {
    form.elements.answer.value = JSON.stringify(await use(JSON.parse(form.dataset.options)));
  } catch (reason) {
    return say(wordsFor(reason));
  } finally {
    button.disabled = false;
  }
  form.requestSubmit();
}

function wordsFor(reason) {
  const known = reason.name === "InvalidStateError" && form.dataset.textKnown;
  return known || form.dataset.textSilent;
}

function say(text) {
  line.textContent = text;
}

// A page that comes back from the browser's memory has an answer that was used already.
addEventListener("pageshow", (event) => event.persisted && (form.elements.answer.value = ""));

if (canUseKeys()) {
  form.hidden = false;
  document.querySelector("[data-no-keys]").hidden = true;
  form.addEventListener("submit", onSubmit);
}
