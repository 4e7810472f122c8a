// The address that a QR code holds, opened outside the app: puts it into the command that links a command line.

import { enableCopying } from "./lib/copy.js";

// Exactly what an offer looks like. Whatever else somebody put behind the # must not get into a shell.
const OFFER = /^#v=1&t=[\w-]{43}&s=[\w-]{43}$/;

const box = document.querySelector("[data-command]");

if (OFFER.test(location.hash)) {
  const address = location.origin + location.pathname + location.hash;
  box.querySelector("code").textContent = `${box.dataset.prefix} "${address}"`;
  enableCopying();
} else {
  document.querySelector("[data-not-whole]").hidden = false;
}
