// One screen at a time, chosen by the address: #accounts, #account/DEVICE. The back button of the phone works.

import { screenOf } from "./markup.js";

const back = document.querySelector("[data-go-back]");
const screens = new Map();
let home = () => "";
let shown = null;

/** A screen may do something when it comes (`enter`, with what stands behind the slash) and goes. */
export function define(name, { enter = () => {}, leave = () => {} } = {}) {
  screens.set(name, { element: screenOf(name), enter, leave });
}

export function start(chooseHome) {
  home = chooseHome;
  addEventListener("hashchange", () => show());
  show();
}

/** `name` and no other, whatever the address asks for. */
export function only(name) {
  for (const other of [...screens.keys()]) if (other !== name) screens.delete(other);
  start(() => name);
}

export function go(name, argument = "") {
  const hash = hashOf(name, argument);
  if (location.hash === hash) show();
  else location.hash = hash;
}

/** The same without a way back: for screens that have done their work. */
export function replace(name, argument = "") {
  history.replaceState(null, "", `/app/${hashOf(name, argument)}`);
  show();
}

export function isShown(name) {
  return shown?.name === name;
}

function hashOf(name, argument) {
  return argument ? `#${name}/${argument}` : `#${name}`;
}

function wanted() {
  const [name, argument = ""] = location.hash.slice(1).split("/");
  return screens.has(name) ? { name, argument } : { name: home(), argument: "" };
}

function show() {
  const { name, argument } = wanted();
  const first = shown === null;
  if (shown) leave(shown);
  const screen = screens.get(name);
  shown = { name, argument };
  screen.element.hidden = false;
  backTo(screen.element.dataset.back);
  screen.enter(argument);
  // Whoever is sent on by `enter` has been shown and focused by that.
  if (shown.name === name && shown.argument === argument && !first) focusOn(screen.element);
}

function leave({ name }) {
  const { element, leave: left } = screens.get(name);
  element.hidden = true;
  left();
}

function backTo(name) {
  back.hidden = !name;
  if (name) back.href = `#${name}`;
}

function focusOn(element) {
  scrollTo(0, 0);
  element.querySelector("h1").focus({ preventScroll: true });
}
