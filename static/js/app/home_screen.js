// Putting the app on the home screen: a button where the browser offers one, pictures on iOS, nothing when it is there.

const hints = [...document.querySelectorAll("[data-install]")];
let offer = null;

export function offerToInstall() {
  if (isInstalled()) return;
  addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault();
    offer = event;
    show("button");
  });
  addEventListener("appinstalled", hide);
  for (const hint of hints) hint.querySelector("button").addEventListener("click", install);
  if (isAppleMobile()) show("steps");
}

async function install() {
  await offer.prompt();
  hide();
}

function show(way) {
  for (const hint of hints) {
    hint.hidden = false;
    hint.querySelector(`[data-install-${way}]`).hidden = false;
  }
}

function hide() {
  for (const hint of hints) hint.hidden = true;
}

function isInstalled() {
  return navigator.standalone === true || matchMedia("(display-mode: standalone)").matches;
}

// An iPad says that it is a Mac; no Mac has a touch screen.
function isAppleMobile() {
  return /iPhone|iPad/.test(navigator.userAgent) || (/Macintosh/.test(navigator.userAgent) && navigator.maxTouchPoints > 1);
}
