// Trouble, in words: what it means, and what to do. Each sentence stays as long as its trouble.

import { state as pushState } from "../lib/push.js";
import { lines, stateOf } from "./lines.js";
import { fill, say } from "./markup.js";
import { put } from "./notices.js";
import { active, wallet } from "./wallet.js";

const WRONG_BY = 60;
// A line that breaks comes back mostly within this time, and then nobody needs to know.
const SAY_AWAY_AFTER = 4_000;

const region = document.querySelector("[data-trouble]");
const notices = new Map();
let awaySince = 0;

export function watchForTrouble() {
  for (const kind of ["online", "offline"]) addEventListener(kind, look);
  lines.addEventListener("state", look);
  wallet.addEventListener("change", look);
  document.addEventListener("visibilitychange", look);
  setInterval(look, SAY_AWAY_AFTER);
  look();
}

async function look() {
  const accounts = active();
  show("offline", !navigator.onLine && accounts.length > 0);
  show("away", navigator.onLine && isAwayForLong(accounts));
  const minutes = Math.round(Math.max(0, ...accounts.map(clockFault)) / 60);
  show("clockOne", minutes === 1);
  show("clock", minutes > 1, { minutes });
  const broken = accounts.find(hasLostKey);
  show("lost", Boolean(broken), broken);
  const stranger = accounts.find(({ device }) => stateOf(device) === "unknown");
  show("unknown", Boolean(stranger), stranger);
  const wanted = accounts.some((account) => account.notifications);
  show("blocked", wanted && (await pushState()) === "blocked");
}

// Browsers have been seen to keep the row and lose the key in it.
function hasLostKey({ privateKey, wrapKey }) {
  return ![privateKey, wrapKey].every((key) => key instanceof CryptoKey);
}

function clockFault(account) {
  const fault = Math.abs(account.clockOffset ?? 0);
  return fault > WRONG_BY ? Math.max(fault, 60) : 0;
}

function isAwayForLong(accounts) {
  const away = accounts.length > 0 && accounts.every((account) => stateOf(account.device) === "away");
  awaySince = away ? awaySince || Date.now() : 0;
  return away && Date.now() - awaySince >= SAY_AWAY_AFTER;
}

function show(name, there, values = {}) {
  if (!there) {
    notices.get(name)?.remove();
    notices.delete(name);
    return;
  }
  const text = fill(region.dataset[`text${name[0].toUpperCase()}${name.slice(1)}`], values);
  if (!notices.has(name)) notices.set(name, put(region, "warning", text));
  say(notices.get(name).querySelector("[data-words]"), text);
}
