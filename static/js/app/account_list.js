// The list of accounts: each with the state of its line, and its code behind a tap.

import { CodeBox } from "./code_box.js";
import { lines, stateOf } from "./lines.js";
import { copyOf, say, screenOf, textFor, write } from "./markup.js";
import { define, isShown, replace } from "./screens.js";
import { all, wallet } from "./wallet.js";

const list = screenOf("accounts").querySelector("[data-list]");
const cards = new Map();

export function defineAccounts() {
  define("accounts", { enter: open, leave: hideCodes });
  wallet.addEventListener("change", () => (isShown("accounts") ? open() : draw()));
  lines.addEventListener("state", drawStates);
  // Whoever looks over a shoulder later must not find a code that was left open.
  document.addEventListener("visibilitychange", () => document.hidden && hideCodes());
}

/** Shows in words what `account`'s line does, in the pieces of `root` that are made for it. */
export function writeConnection(root, account) {
  const state = account.state === "pending" ? "pending" : stateOf(account.device);
  const connection = root.querySelector("[data-connection]");
  connection.dataset.state = state;
  say(connection.querySelector("[data-connection-word]"), textFor(connection, state));
}

function open() {
  if (!all().length) return replace("start");
  draw();
}

function draw() {
  for (const device of cards.keys()) if (!all().some((account) => account.device === device)) remove(device);
  for (const account of all()) drawCard(account);
  drawStates();
}

function drawCard(account) {
  const { element, box } = cardOf(account);
  write(element, { login: account.login, host: account.host });
  box.of(account);
}

function drawStates() {
  for (const account of all()) {
    const card = cards.get(account.device);
    if (card) writeConnection(card.element, account);
  }
}

function cardOf(account) {
  const known = cards.get(account.device);
  if (known?.state === account.state) return known;
  if (known) remove(account.device);
  const element = copyOf("account");
  const pending = account.state === "pending";
  element.querySelector("[data-open]").href = pending ? `#check/${account.device}` : `#account/${account.device}`;
  element.querySelector("[data-code-box]").hidden = pending;
  const box = new CodeBox(element.querySelector("[data-code-box]"));
  const card = { element, box, state: account.state };
  cards.set(account.device, card);
  list.append(element);
  return card;
}

function remove(device) {
  const { element, box } = cards.get(device);
  box.hide();
  element.remove();
  cards.delete(device);
}

function hideCodes() {
  for (const { box } of cards.values()) box.hide();
}
