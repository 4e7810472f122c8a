// Web Push for this browser: one subscription, which each account that wants to ring hands to the server.

import { call } from "./calls.js";
import { b64 } from "./frames.js";
import { accounts, change } from "./vault.js";

const SCOPE = "/app/";
const PATH = "/device/v1/push";
// A browser that cannot reach its push service may never answer at all.
const PATIENCE = 20_000;

// Why notifications stay off. `code`: blocked (by the person, in the browser's settings), no_service, unsupported.
export class PushRefused extends Error {
  constructor(code, cause) {
    super(code, { cause });
    this.code = code;
  }
}

// "unsupported" "blocked" "off" or "on", for this browser; `account.notifications` says it for an account.
export async function state() {
  if (!isSupported()) return "unsupported";
  if (Notification.permission === "denied") return "blocked";
  const registration = await navigator.serviceWorker.getRegistration(SCOPE);
  const subscription = await registration?.pushManager.getSubscription();
  return subscription ? "on" : "off";
}

// Must be called from a tap: the browser asks the person. Throws PushRefused, or what a call throws.
export async function turnOn(account, vapidKey) {
  if (!isSupported()) throw new PushRefused("unsupported");
  if ((await Notification.requestPermission()) !== "granted") throw new PushRefused("blocked");
  await hand(account, await withinPatience(subscribe(vapidKey)));
}

export async function turnOff(account) {
  await call(account, "DELETE", PATH);
  await change(account, { notifications: false });
  if ((await accounts()).some((other) => other.notifications)) return;
  const registration = await navigator.serviceWorker.getRegistration(SCOPE);
  const subscription = await registration?.pushManager.getSubscription();
  await subscription?.unsubscribe();
}

// Tells the server where this account can be woken from now on.
export async function hand(account, subscription) {
  const { endpoint, keys } = subscription.toJSON();
  await call(account, "PUT", PATH, { endpoint, keys });
  await change(account, { notifications: true });
}

// Takes the notification that asks about `challenge` off the screen. What tells how it went stays.
export async function withdraw(challenge) {
  const registration = await navigator.serviceWorker?.getRegistration(SCOPE);
  const shown = (await registration?.getNotifications?.({ tag: challenge })) ?? [];
  for (const notification of shown) if (notification.data?.challenge) notification.close();
}

function isSupported() {
  return "serviceWorker" in navigator && "PushManager" in globalThis && "Notification" in globalThis;
}

async function subscribe(applicationServerKey) {
  const { pushManager } = await navigator.serviceWorker.ready;
  const known = await pushManager.getSubscription();
  if (known && isFor(known, applicationServerKey)) return known;
  // The server has a new key: what was subscribed with the old one takes no messages of it.
  await known?.unsubscribe();
  return pushManager.subscribe({ userVisibleOnly: true, applicationServerKey });
}

function isFor({ options }, key) {
  return b64(new Uint8Array(options.applicationServerKey ?? [])) === b64(key);
}

function withinPatience(subscribing) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new PushRefused("no_service")), PATIENCE);
    subscribing
      .then(resolve, (cause) => reject(new PushRefused(cause.name === "NotAllowedError" ? "blocked" : "no_service", cause)))
      .finally(() => clearTimeout(timer));
  });
}
