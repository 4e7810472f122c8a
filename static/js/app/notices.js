// Sentences above the screens: what just happened, until it is closed or read.

import { copyOf, say } from "./markup.js";

const READ_AFTER = 8_000;
const region = document.querySelector("[data-notices]");

/** Something is done; the sentence goes by itself. */
export function tell(text) {
  const notice = put(region, "done", text);
  setTimeout(() => notice.remove(), READ_AFTER);
}

/** Something that must not be missed; it stays until it is closed, which calls `closed`. */
export function warn(text, closed = () => {}) {
  const notice = put(region, "warning", text);
  notice.querySelector("[data-close]").addEventListener("click", closed);
  return notice;
}

export function put(region, kind, text) {
  const notice = copyOf(`notice-${kind}`);
  say(notice.querySelector("[data-words]"), text);
  notice.querySelector("[data-close]").addEventListener("click", () => notice.remove());
  region.append(notice);
  return notice;
}

export function textOf(name) {
  return region.dataset[name];
}
