// "Authorize": links this phone by the session that has just logged in here, which the claim ends.

import { describe } from "./app/phone.js";
import { say, wordsFor } from "./app/markup.js";
import { claim } from "./lib/linking.js";
import { readLink } from "./lib/links.js";

const REFUSED = 409;

const form = document.querySelector("[data-authorize]");
const line = document.querySelector("[data-line]");
const button = form.querySelector("button");

form.addEventListener("submit", authorize);
// Pressed before this script was here it would have led to an answer that is for the script.
button.disabled = false;

async function authorize(event) {
  event.preventDefault();
  button.disabled = true;
  say(line, form.dataset.textWorking);
  try {
    const { link, csrf } = await offer();
    await claim({ link: readLink(link, location.origin), csrf, ...(await describe()) });
    location.replace(form.dataset.app);
  } catch (error) {
    button.disabled = false;
    say(line, error.detail || wordsFor(form, error.code === "no_storage" ? "no_keys" : error.code));
  }
}

async function offer() {
  const response = await fetch(form.action, { method: "POST", body: new FormData(form), redirect: "manual" });
  // The login is not recent any more: the page itself leads to a new one, and back.
  if (response.type === "opaqueredirect") location.reload();
  if (response.ok) return response.json();
  // Only the account's own limit comes with words; all else is trouble on the way.
  const { detail = "" } = response.status === REFUSED ? await response.json() : {};
  throw Object.assign(new Error("No offer was made."), { detail });
}
