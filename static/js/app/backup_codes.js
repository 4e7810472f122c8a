// The ten backup codes, once, on the phone that switched 2FA on: as a file, shared, printed, copied.

import { fill, say, screenOf, write } from "./markup.js";
import { define, go } from "./screens.js";

const screen = screenOf("codes");
const share = screen.querySelector("[data-share]");
const download = screen.querySelector("[data-download]");

let toSave = null;
let leaving = false;

export function defineBackupCodes() {
  define("codes", { enter: draw });
  share.addEventListener("click", () => navigator.share({ text: sheet() }).catch(() => {}));
  screen.querySelector("[data-print]").addEventListener("click", () => print());
  screen.querySelector("[data-saved]").addEventListener("click", putAway);
}

/** Shows the codes until they are saved; then calls `done`. */
export function showCodes(account, codes, done) {
  toSave = { account, codes, done, made: new Date() };
  go("codes");
}

function draw() {
  // After a reload in the middle they come from the server once more.
  if (!toSave) return go("accounts");
  write(screen, { title: title(), made: made() });
  screen.querySelector("[data-codes]").replaceChildren(...toSave.codes.map(item));
  share.hidden = !navigator.canShare?.({ text: sheet() });
  download.download = screen.dataset.file;
  download.href = URL.createObjectURL(new Blob([sheet()], { type: "text/plain;charset=utf-8" }));
}

function item(code) {
  const entry = document.createElement("li");
  entry.append(Object.assign(document.createElement("code"), { textContent: code }));
  return entry;
}

async function putAway() {
  // The second tap of two finds that the first is on its way.
  if (leaving || !toSave) return;
  leaving = true;
  try {
    await toSave.done();
  } catch {
    const line = screen.querySelector("[data-line]");
    return say(line, line.dataset.textUnreachable);
  } finally {
    leaving = false;
  }
  URL.revokeObjectURL(download.href);
  toSave = null;
  screen.querySelector("[data-codes]").replaceChildren();
}

function sheet() {
  const codes = toSave.codes.map((code, index) => `${String(index + 1).padStart(2)}. ${code}`);
  return `${title()}\n${made()}\n\n${codes.join("\n")}\n`;
}

function title() {
  return fill(screen.dataset.textTitle, { login: toSave.account.login, host: toSave.account.host });
}

function made() {
  const date = toSave.made.toLocaleDateString(document.documentElement.lang, { dateStyle: "long" });
  return fill(screen.dataset.textMade, { date });
}
