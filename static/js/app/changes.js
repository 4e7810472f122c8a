// What changed in how an account is protected: told until a person has closed it here. Whoever did not do it is warned.

import { noticed } from "../lib/questions.js";
import { lines } from "./lines.js";
import { fill } from "./markup.js";
import { textOf, warn } from "./notices.js";

const told = new Set();

export function watchForChanges() {
  lines.addEventListener("notice", ({ detail }) => tell(detail));
}

function tell(news) {
  const { notice, text, account } = news;
  if (told.has(notice)) return;
  told.add(notice);
  // Without network the site tells it once more, and it is closed once more.
  warn(fill(textOf("textChanged"), { login: account.login, text }), () => noticed(news).catch(() => {}));
}
