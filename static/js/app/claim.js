// A link that was opened by the phone's own camera. Opening an address must change nothing, so it asks first.

import { follow } from "./linking.js";
import { say, screenOf, wordsFor } from "./markup.js";
import { define, go } from "./screens.js";

// Exactly what an offer looks like. Whatever else somebody put behind the # must not get into a shell, and what stands
// before it, behind a ?, neither: browsers leave $( and ` there as they are.
const OFFER = /^#v=1&t=[\w-]{43}&s=[\w-]{43}$/;

const screen = screenOf("claim");
const line = screen.querySelector("[data-line]");
const button = screen.querySelector("[data-claim]");

export function defineClaim() {
  define("claim", { enter: draw });
  button.addEventListener("click", link);
}

/** Whether this page is where a QR code leads. */
export function isOpenedByLink() {
  return location.pathname.endsWith("/link");
}

function draw() {
  const whole = OFFER.test(location.search + location.hash);
  const command = screen.querySelector("[data-command]");
  for (const part of screen.querySelectorAll("[data-whole]")) part.hidden = !whole;
  screen.querySelector("[data-not-whole]").hidden = whole;
  screen.querySelector("[data-host]").textContent = location.host;
  if (whole) command.querySelector("code").textContent = `${command.dataset.prefix} "${location.href}"`;
  say(line, "");
}

async function link() {
  button.disabled = true;
  say(line, line.dataset.textLinking);
  try {
    await follow(location.href);
  } catch (error) {
    if (error.code === "no_storage" || error.code === "no_keys") return go("no-keys");
    say(line, wordsFor(screenOf("scan"), error.code));
  } finally {
    button.disabled = false;
  }
}
