// The ring that runs down, with its seconds as text. The server's word sets it; between two words the clock does.

const SECOND = 1_000;

export class Ring {
  #element;
  #arc;
  #count;
  #lifetime;
  #onEnd;
  #endsAt = 0;
  #tick = 0;

  constructor(element, onEnd) {
    this.#element = element;
    this.#arc = element.querySelector(".ring-left");
    this.#count = element.querySelector("[data-ring-count]");
    this.#lifetime = Number(element.dataset.lifetime);
    this.#onEnd = onEnd;
    this.set(Number(element.dataset.secondsLeft));
    // A hidden page is not drawn; on its return the clock, not the count of ticks, says what is left.
    document.addEventListener("visibilitychange", () => this.#tick && this.#onTick());
    addEventListener("pageshow", () => this.#tick && this.#onTick());
  }

  set(secondsLeft) {
    // The server counts whole seconds: a word that differs by less than one must not make the ring jump back.
    const endsAt = Date.now() + secondsLeft * SECOND;
    if (Math.abs(endsAt - this.#endsAt) > SECOND) this.#endsAt = endsAt;
    this.#draw();
    if (!this.#tick && this.#secondsLeft()) this.#tick = setInterval(() => this.#onTick(), SECOND);
  }

  stop() {
    clearInterval(this.#tick);
    this.#tick = 0;
  }

  get secondsGone() {
    return this.#lifetime - this.#secondsLeft();
  }

  #secondsLeft() {
    return Math.max(0, Math.round((this.#endsAt - Date.now()) / SECOND));
  }

  #draw() {
    const left = this.#secondsLeft();
    this.#count.textContent = `${left} s`;
    this.#arc.setAttribute("stroke-dasharray", `${left} ${this.#lifetime}`);
    this.#element.dataset.secondsLeft = left;
  }

  #onTick() {
    this.#draw();
    if (this.#secondsLeft()) return;
    this.stop();
    this.#onEnd();
  }
}
