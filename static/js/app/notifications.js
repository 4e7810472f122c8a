// Turning notifications on and off for one account, in words.

import { state, turnOff, turnOn } from "../lib/push.js";
import { unb64 } from "../lib/frames.js";
import { say, wordsFor } from "./markup.js";
import { find, refresh } from "./wallet.js";

/** The controls in `element`; `account` tells for which account. */
export class Notifications {
  #element;
  #device;

  constructor(element, device) {
    this.#element = element;
    this.#device = device;
    this.#button("on").addEventListener("click", () => this.#try((account) => turnOn(account, vapidKey())));
    this.#button("off").addEventListener("click", () => this.#try(turnOff));
  }

  async draw() {
    const account = find(this.#device());
    if (!account) return;
    const now = await state();
    const on = now === "on" && account.notifications;
    this.#say(on || now === "blocked" || now === "unsupported" ? (on ? "on" : now) : "off");
    this.#button("on").hidden = on || now === "unsupported";
    this.#button("off").hidden = !on;
  }

  async #try(turn) {
    this.#say("working");
    try {
      await turn(find(this.#device()));
      await refresh();
      await this.draw();
    } catch (error) {
      await refresh();
      await this.draw();
      this.#say(error.code);
    }
  }

  #say(code) {
    say(this.#element.querySelector("[data-line]"), wordsFor(this.#element, code));
  }

  #button(way) {
    return this.#element.querySelector(`[data-turn-${way}]`);
  }
}

function vapidKey() {
  return unb64(document.body.dataset.vapidKey);
}
