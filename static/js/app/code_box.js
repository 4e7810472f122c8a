// The 30-second code: hidden until it is asked for, with a ring that runs down and "Copy".

import { serverNow } from "../lib/clock.js";
import { code } from "../lib/codes.js";
import { copy, sayCopied } from "../lib/copy.js";
import { openSecret } from "../lib/vault.js";
import { say, writeDigits } from "./markup.js";

const SECOND = 1_000;

export class CodeBox {
  #element;
  #account = null;
  #secret = null;
  #digits = "";
  #tick = 0;

  constructor(element) {
    this.#element = element;
    this.#find("reveal").addEventListener("click", () => this.reveal({ focus: true }));
    this.#find("copy-code").addEventListener("click", () => this.#copy());
  }

  /** From here on it is the code of `account`, by the time that it has learnt. */
  of(account) {
    this.#account = account;
    if (this.#tick) this.#draw();
  }

  async reveal({ focus = false } = {}) {
    say(this.#find("problem"), "");
    try {
      this.#secret = await openSecret(this.#account);
      if (!this.#secret) return say(this.#find("problem"), this.#element.dataset.textNone);
      await this.#draw();
    } catch {
      // The browser lost the key, or part of it: the account can only be linked again.
      return say(this.#find("problem"), this.#element.dataset.textLost);
    }
    this.#find("reveal").hidden = true;
    this.#find("shown").hidden = false;
    if (focus) this.#find("copy-code").focus();
    this.#tick ||= setInterval(() => this.#draw(), SECOND);
  }

  hide() {
    clearInterval(this.#tick);
    this.#tick = 0;
    this.#secret = null;
    this.#digits = "";
    this.#find("code").textContent = "";
    this.#find("shown").hidden = true;
    this.#find("reveal").hidden = false;
  }

  async #draw() {
    const { code: digits, secondsLeft } = await code(this.#secret, serverNow(this.#account));
    if (digits !== this.#digits) writeDigits(this.#find("code"), digits, `${digits.slice(0, 3)} ${digits.slice(3)}`);
    this.#digits = digits;
    this.#element.querySelector(".ring-left").setAttribute("stroke-dasharray", `${secondsLeft} 30`);
    say(this.#find("ring-count"), secondsLeft);
  }

  async #copy() {
    const button = this.#find("copy-code");
    if (await copy(this.#find("code"), this.#digits)) sayCopied(button);
  }

  #find(name) {
    return this.#element.querySelector(`[data-${name}]`);
  }
}
