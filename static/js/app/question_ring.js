// The time that a question has left, by the server's clock, as a ring and in seconds.

import { serverNow } from "../lib/clock.js";
import { say } from "./markup.js";

const SECOND = 1_000;

export class QuestionRing {
  #arc;
  #count;
  #onEnd;
  #tick = 0;

  constructor(element, onEnd) {
    this.#arc = element.querySelector(".ring-left");
    this.#count = element.querySelector("[data-ring-count]");
    this.#onEnd = onEnd;
  }

  start(question) {
    this.stop();
    this.#arc.setAttribute("pathLength", question.expires - question.created);
    this.#tick = setInterval(() => this.#draw(question), SECOND);
    this.#draw(question);
  }

  stop() {
    clearInterval(this.#tick);
  }

  #draw(question) {
    const left = secondsLeft(question);
    this.#arc.setAttribute("stroke-dasharray", `${left} ${question.expires - question.created}`);
    say(this.#count, `${left} s`);
    if (left) return;
    this.stop();
    this.#onEnd();
  }
}

export function secondsLeft({ account, expires }) {
  return Math.max(0, expires - serverNow(account));
}
