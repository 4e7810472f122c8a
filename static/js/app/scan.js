// The QR code on the computer, by camera or as a pasted link.

import { Scanner } from "../lib/scanner.js";
import { follow } from "./linking.js";
import { say, screenOf, wordsFor } from "./markup.js";
import { define, go } from "./screens.js";

const screen = screenOf("scan");
const finder = screen.querySelector("[data-finder]");
const line = screen.querySelector("[data-line]");
const problem = screen.querySelector("[data-problem]");
const field = screen.querySelector("input");

let scanner = null;

export function defineScan() {
  screenOf("computer").querySelector("[data-address]").textContent = `${location.host}/2fa/`;
  define("scan", { enter: look, leave: stop });
  screen.querySelector("[data-paste]").addEventListener("submit", paste);
}

async function look() {
  say(problem, "");
  say(line, screen.dataset.textLooking);
  scanner = new Scanner(finder.querySelector("video"));
  scanner.onText = found;
  finder.hidden = false;
  try {
    await scanner.start();
  } catch (error) {
    finder.hidden = true;
    say(line, wordsFor(screen, error.code));
  }
}

function stop() {
  scanner?.stop();
  scanner = null;
  field.value = "";
}

async function found(text) {
  // The camera sees the code many times a second; the first one counts.
  scanner.onText = null;
  say(line, screen.dataset.textLinking);
  const words = await claimed(text);
  if (!words) return;
  say(line, words);
  if (scanner) scanner.onText = found;
}

async function paste(event) {
  event.preventDefault();
  say(problem, await claimed(field.value.trim()));
}

/** Empty when the link was claimed, else what to say. */
async function claimed(text) {
  try {
    await follow(text);
    return "";
  } catch (error) {
    if (error.code === "no_storage" || error.code === "no_keys") return go("no-keys") ?? "";
    return wordsFor(screen, error.code);
  }
}
