// What changed in how an account is protected: told until a person has closed it here. Whoever did not do it is warned.

import { noticed, turnAway } from "../lib/questions.js";
import { lines } from "./lines.js";
import { copyOf, fill } from "./markup.js";
import { tell as say, textOf, warn } from "./notices.js";

// A device was linked by whoever recovered the account: this one, which is older, can turn it away.
const RECOVERED = "device_recovered";

const told = new Set();

export function watchForChanges() {
  lines.addEventListener("notice", ({ detail }) => tell(detail));
}

function tell(news) {
  const { notice, kind, text, account } = news;
  if (told.has(notice)) return;
  told.add(notice);
  // Without network the site tells it once more, and it is closed once more.
  const shown = warn(fill(textOf("textChanged"), { login: account.login, text }), () => noticed(news).catch(() => {}));
  if (kind === RECOVERED) offerToTurnAway(news, shown);
}

function offerToTurnAway(news, shown) {
  const button = copyOf("turn-away");
  shown.append(button);
  button.addEventListener("click", async () => {
    button.disabled = true;
    const outcome = await outcomeOf(news);
    if (outcome === "textUnreachable") button.disabled = false;
    else shown.remove();
    say(textOf(outcome));
  });
}

// Which of the texts says what came of it.
async function outcomeOf(news) {
  try {
    await turnAway(news);
    return "textTurnedAway";
  } catch (error) {
    return error.code === "unreachable" ? "textUnreachable" : "textGone";
  }
}
