// The lines to the server: a socket for each account, five at most, and asking where there is none.
// All of them rest when the app was hidden for a minute; notifications ring then.

import { Listener } from "../lib/listener.js";
import { call, forgetIfRevoked } from "../lib/calls.js";
import { look } from "../lib/questions.js";
import { forget } from "../lib/vault.js";
import { active, find, wallet } from "./wallet.js";

const SOCKETS = 5;
const REST_AFTER = 60_000;
const ASK_EVERY = 3_000;
const PASSED_ON = ["request", "closed", "notice"];

export const lines = new EventTarget();

const listeners = new Map();
const asked = new Map();
let resting = false;
let rest = 0;

export function start() {
  wallet.addEventListener("change", follow);
  document.addEventListener("visibilitychange", onVisibility);
  addEventListener("online", tellState);
  addEventListener("offline", tellState);
  // Somebody has pressed on a notification.
  navigator.serviceWorker?.addEventListener("message", ({ data }) => data.t === "question" && askNow());
  setInterval(askWhereDeaf, ASK_EVERY);
  follow();
}

/** "online" "connecting" "away" "unknown" (the site answers, and does not take this key) or "off", for a person. */
export function stateOf(device) {
  if (resting) return "off";
  const state = listeners.get(device)?.state ?? "connecting";
  if (state === "online") return state;
  if (!navigator.onLine) return "away";
  return asked.get(device) ?? state;
}

function askNow() {
  for (const account of active()) ask(account);
}

/** Tells the site that a person has `question` on screen. */
export function seen(question) {
  const { account, challenge } = question;
  const listener = listeners.get(account.device);
  if (listener?.state === "online") listener.seen(question);
  else call(account, "POST", "/device/v1/seen", { challenge }).catch(() => {});
}

function onVisibility() {
  clearTimeout(rest);
  if (document.hidden) {
    rest = setTimeout(() => setResting(true), REST_AFTER);
  } else {
    setResting(false);
    askWhereDeaf();
  }
}

function setResting(now) {
  if (resting === now) return;
  resting = now;
  follow();
}

function follow() {
  const wanted = resting ? [] : active().slice(0, SOCKETS);
  for (const [device, listener] of listeners) {
    if (wanted.some((account) => account.device === device)) continue;
    listener.stop();
    listeners.delete(device);
  }
  for (const account of wanted) if (!listeners.has(account.device)) listen(account);
  tellState();
}

function listen(account) {
  const listener = new Listener(account);
  listeners.set(account.device, listener);
  for (const kind of PASSED_ON) listener.addEventListener(kind, ({ detail }) => tell(kind, detail));
  listener.addEventListener("state", ({ detail }) => (detail === "away" ? ask(account) : tellState()));
  listener.addEventListener("revoked", () => forget(account.device));
  listener.start();
}

function askWhereDeaf() {
  if (resting || document.hidden) return;
  for (const account of active()) {
    if (listeners.get(account.device)?.state !== "online") ask(account);
  }
}

async function ask(account) {
  try {
    const { questions, notices } = await look(account);
    asked.set(account.device, "online");
    for (const question of questions) tell("request", question);
    for (const notice of notices) tell("notice", notice);
  } catch (error) {
    asked.set(account.device, error.code === "unauthenticated" ? "unknown" : "away");
    if (find(account.device)) await forgetIfRevoked(error, account);
  }
  tellState();
}

function tell(kind, detail) {
  lines.dispatchEvent(new CustomEvent(kind, { detail }));
}

function tellState() {
  lines.dispatchEvent(new Event("state"));
}
