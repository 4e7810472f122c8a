// The linking page: goes on by itself when a device claims the offer, or when the offer is over.

import { createAsker } from "./lib/asker.js";
import { enableCopying } from "./lib/copy.js";
import { Doorbell } from "./lib/doorbell.js";
import { Ring } from "./lib/ring.js";

const page = document.querySelector("[data-link]");
const line = page.querySelector("[data-line]");
const waits = line.textContent;

const ask = createAsker(page.dataset.stateUrl, { onState: show, onSilence: () => say(page.dataset.textUnreachable) });
const doorbell = new Doorbell(page.dataset.socket, ask);
const ringElement = page.querySelector("[data-ring]");
const ring = ringElement && new Ring(ringElement, ask);

function show(state) {
  if (state.step !== page.dataset.step) return goOn();
  say(waits);
  ring?.set(state.seconds_left);
}

function goOn() {
  doorbell.stop();
  // The address without what was posted: the server shows the step that is due.
  location.replace(location.pathname);
}

function say(text) {
  if (line.textContent !== text) line.textContent = text;
}

enableCopying();
// Whatever is pressed leads on, and may end the session of this page: a socket opened anew would be turned away.
document.addEventListener("submit", () => doorbell.stop());
doorbell.start();
