// The accounts of this phone, as all screens see them. Tells when one comes, changes or is gone.

import { accounts, onChange } from "../lib/vault.js";

// Names only, so that the app can say which account went while it was closed.
const SEEN = "kauth-accounts";

export const wallet = new EventTarget();

let held = [];
const leaving = new Set();

export function all() {
  return held;
}

export function active() {
  return held.filter((account) => account.state === "active");
}

/** One that waits for its computer, if there is any. */
export function pending() {
  return held.find((account) => account.state === "pending");
}

export function find(device) {
  return held.find((account) => account.device === device);
}

/** `device` goes because the person said so here: nothing is to be told. */
export function expectToLose(device) {
  leaving.add(device);
}

export async function open() {
  onChange(refresh);
  await refresh();
}

export async function refresh() {
  held = await accounts();
  const lost = remembered().filter(({ device }) => !find(device) && !leaving.has(device));
  remember();
  wallet.dispatchEvent(new Event("change"));
  for (const account of lost) wallet.dispatchEvent(new CustomEvent("lost", { detail: account }));
}

function remembered() {
  try {
    return JSON.parse(localStorage.getItem(SEEN)) ?? [];
  } catch {
    return [];
  }
}

function remember() {
  const names = active().map(({ device, login, host }) => ({ device, login, host }));
  try {
    localStorage.setItem(SEEN, JSON.stringify(names));
  } catch {
    // Without room for it the app is quiet about what it lost; it works all the same.
  }
}
