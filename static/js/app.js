// The kAuth app's one page: shows the screen that its address asks for.

import { enableCopying } from "./lib/copy.js";

// Exactly what an offer looks like. Whatever else somebody put behind the # must not get into a shell.
const OFFER = /^#v=1&t=[\w-]{43}&s=[\w-]{43}$/;

function showLink() {
  document.querySelector("[data-screen=link]").hidden = false;
  const box = document.querySelector("[data-command]");
  if (!OFFER.test(location.hash)) {
    document.querySelector("[data-not-whole]").hidden = false;
    return;
  }
  const address = location.origin + location.pathname + location.hash;
  box.querySelector("code").textContent = `${box.dataset.prefix} "${address}"`;
  enableCopying();
}

if (location.pathname === "/app/link") showLink();
