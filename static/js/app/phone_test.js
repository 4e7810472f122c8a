// "Test this phone": a practice request by both ways, and how long each took.

import { call } from "../lib/calls.js";
import { lines } from "./lines.js";
import { fill, say, wordsFor } from "./markup.js";
import { find } from "./wallet.js";

const PATIENCE = 15_000;
const SECOND = 1_000;

const element = document.querySelector("[data-phone-test]");
const line = element.querySelector("[data-line]");
const button = element.querySelector("[data-test]");
const results = element.querySelector("[data-results]");

export function definePhoneTest() {
  button.addEventListener("click", run);
}

/** For `account` from now on, with nothing tested yet. */
export function resetTest({ device }) {
  element.dataset.device = device;
  results.hidden = true;
  say(line, "");
}

async function run() {
  button.disabled = true;
  say(line, element.dataset.textRunning);
  const socket = heard(lines, "request", ({ detail }) => detail.context.practice);
  const push = heard(navigator.serviceWorker, "message", ({ data }) => data.t === "push");
  try {
    const begun = await call(find(element.dataset.device), "POST", "/device/v1/test");
    await Promise.all([show("socket", socket), begun.push ? show("push", push) : write("push", element.dataset.textOff)]);
    say(line, element.dataset.textDone);
  } catch (error) {
    say(line, fill(wordsFor(element, error.code), { seconds: error.retryAfter }));
  }
  button.disabled = false;
}

/** Resolves with the milliseconds until it came, or null when it has not come in time. */
function heard(target, kind, fits) {
  const started = performance.now();
  return new Promise((resolve) => {
    const stop = new AbortController();
    const end = (result) => {
      stop.abort();
      resolve(result);
    };
    setTimeout(() => end(null), PATIENCE);
    const listen = (event) => fits(event) && end(performance.now() - started);
    target?.addEventListener(kind, listen, { signal: stop.signal });
  });
}

async function show(way, coming) {
  const took = await coming;
  const seconds = ((took ?? PATIENCE) / SECOND).toFixed(1);
  write(way, fill(took === null ? element.dataset.textLate : element.dataset.textTook, { seconds }));
}

function write(way, text) {
  results.hidden = false;
  say(element.querySelector(`[data-${way}-result]`), text);
}
