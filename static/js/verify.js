// The waiting page: shows what happens to the request, and presses "I have answered" when it is approved.

import { createAsker } from "./lib/asker.js";
import { Doorbell } from "./lib/doorbell.js";
import { Ring } from "./lib/ring.js";

const SHOW_CODE_BOX_AFTER = 20;
const OPEN = ["pending", "approved"];
const GONE = ["none", "over"];

const page = document.querySelector("[data-waiting]");
const line = page.querySelector("[data-line]");
const codeBox = page.querySelector("[data-code-box]");
const again = page.querySelector("[data-again] button");
const againWait = page.querySelector("[data-again-wait]");

const answered = page.querySelector("[data-answered]");
const ask = createAsker(page.dataset.stateUrl, { onState: show, onSilence: showSilence });
const doorbell = new Doorbell(page.dataset.socket, ask);
const ring = new Ring(page.querySelector("[data-ring]"), ask);

let sendAgainAt = Date.now() + Number(page.dataset.resendIn) * 1_000;

function show(state) {
  if (GONE.includes(state.state)) return leave();
  if (wasOpenedAgain(state.state)) return location.replace(location.pathname);
  page.dataset.state = state.state;
  say(state.line);
  sendAgainAt = Math.max(sendAgainAt, Date.now() + state.resend_in * 1_000);
  if (state.state === "approved") return approve();
  if (state.state === "pending") ring.set(state.seconds_left);
  else end(state.state);
  showWaits();
}

function approve() {
  ring.stop();
  answered.requestSubmit();
}

function end(state) {
  ring.stop();
  if (state !== "paused") page.querySelector("[data-heading]").textContent = page.dataset.textOver;
}

function leave() {
  doorbell.stop();
  location.replace(page.dataset.loginUrl);
}

// Another tab sent a new request: it may have a number, which only a fresh page shows.
function wasOpenedAgain(state) {
  return state === "pending" && !OPEN.includes(page.dataset.state);
}

function say(text) {
  // A live region is read out when it is written, even with the same words.
  if (line.textContent !== text) line.textContent = text;
}

function showSilence() {
  say(page.dataset.textUnreachable);
}

function showWaits() {
  const wait = Math.max(0, Math.ceil((sendAgainAt - Date.now()) / 1_000));
  again.disabled = wait > 0;
  againWait.textContent = wait ? againWait.dataset.text.replace("{seconds}", wait) : "";
  const open = OPEN.includes(page.dataset.state);
  if (!open || "codeAtOnce" in page.dataset || ring.secondsGone >= SHOW_CODE_BOX_AFTER) codeBox.hidden = false;
}

if (page.dataset.state !== "pending") ring.stop();
if (page.dataset.state === "approved") approve();
showWaits();
setInterval(showWaits, 1_000);
// Nothing was asked, so nothing can be heard.
if (page.dataset.state !== "paused") doorbell.start();
