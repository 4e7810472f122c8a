// What this browser keeps of its accounts: keys that can be used and never read, and secrets sealed by such a key.
// It is in IndexedDB, which outlives signing out of the site; the worker and every page share it.

import { makeKeys, nonce, sign, verify } from "./keys.js";

const DATABASE = "kauth";
const ACCOUNTS = "accounts";
const TRIAL = "trial";
const NEWS = "kauth-vault";
const SEAL = { name: "AES-GCM", length: 256 };
const IV_SIZE = 12;

// Why nothing can be kept here. `code`: no_storage (private mode, Lockdown Mode, a full disk) or no_keys.
export class VaultRefused extends Error {
  constructor(code, cause) {
    super(code, { cause });
    this.code = code;
  }
}

// Before a link is claimed: can this browser keep a key and use it afterwards?
export async function tryOut() {
  const keys = await unless("no_keys", makeKeys);
  const kept = await unless("no_storage", () => keptForATrial(keys.privateKey));
  const fits = await unless("no_keys", async () => {
    const frame = nonce(32);
    return verify(keys.publicKey, frame, await sign(kept, frame));
  });
  if (!fits) throw new VaultRefused("no_keys");
}

export async function accounts() {
  const found = await inStore(ACCOUNTS, "readonly", (store) => store.getAll());
  return found.sort((one, other) => one.addedAt - other.addedAt);
}

export async function account(device) {
  return (await inStore(ACCOUNTS, "readonly", (store) => store.get(device))) ?? null;
}

export async function keep(account) {
  await inStore(ACCOUNTS, "readwrite", (store) => store.put(account));
  tell(account.device);
}

// Changes some members of an account in one step, here and in the vault. An account that was forgotten meanwhile
// stays forgotten: the answer is false then.
export async function change(account, members) {
  Object.assign(account, members);
  const found = await inStore(ACCOUNTS, "readwrite", (store) => changed(store, account.device, members));
  if (found) tell(account.device);
  return Boolean(found);
}

export async function forget(device) {
  await inStore(ACCOUNTS, "readwrite", (store) => store.delete(device));
  tell(device);
}

export function makeWrapKey() {
  return unless("no_keys", () => crypto.subtle.generateKey(SEAL, false, ["encrypt", "decrypt"]));
}

// Seals the account's one-time-code secret by its own key, and keeps it.
export async function sealSecret(account, secret) {
  const iv = nonce(IV_SIZE);
  const sealed = new Uint8Array(await crypto.subtle.encrypt(sealFor(account, iv), account.wrapKey, secret));
  await change(account, { totp: { iv, sealed } });
}

// The secret's bytes, or null where none was ever kept.
export async function openSecret(account) {
  if (!account.totp) return null;
  const { iv, sealed } = account.totp;
  return new Uint8Array(await crypto.subtle.decrypt(sealFor(account, iv), account.wrapKey, sealed));
}

// Asks the browser not to clear all this away when space is short. It may say no; there is nothing to do about it.
export async function stayPut() {
  return (await navigator.storage?.persist?.()) ?? false;
}

// Calls `callback(device)` after every change, whichever page or worker made it. Returns what stops it.
export function onChange(callback) {
  const channel = new BroadcastChannel(NEWS);
  channel.addEventListener("message", (event) => callback(event.data.device));
  return () => channel.close();
}

let news = null;

function tell(device) {
  // A channel of its own: what a channel says it does not hear itself, and this page wants to hear it too.
  news ??= new BroadcastChannel(NEWS);
  news.postMessage({ device });
}

function sealFor(account, iv) {
  return { name: SEAL.name, iv, additionalData: new TextEncoder().encode(account.device) };
}

async function keptForATrial(privateKey) {
  await inStore(TRIAL, "readwrite", (store) => store.put(privateKey, "key"));
  const kept = await inStore(TRIAL, "readonly", (store) => store.get("key"));
  await inStore(TRIAL, "readwrite", (store) => store.delete("key"));
  return kept;
}

// A request whose result is what was changed, or undefined. All of it happens in the store's one transaction.
function changed(store, device, members) {
  const reading = store.get(device);
  reading.addEventListener("success", () => {
    if (reading.result) store.put({ ...reading.result, ...members });
  });
  return reading;
}

async function inStore(name, mode, work) {
  const database = await unless("no_storage", opened);
  try {
    return await unless("no_storage", () => finished(database.transaction(name, mode), name, work));
  } finally {
    database.close();
  }
}

function finished(transaction, name, work) {
  return new Promise((resolve, reject) => {
    const request = work(transaction.objectStore(name));
    transaction.addEventListener("complete", () => resolve(request.result));
    transaction.addEventListener("abort", () => reject(transaction.error));
  });
}

function opened() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.addEventListener("upgradeneeded", () => {
      request.result.createObjectStore(ACCOUNTS, { keyPath: "device" });
      request.result.createObjectStore(TRIAL);
    });
    request.addEventListener("success", () => resolve(request.result));
    request.addEventListener("error", () => reject(request.error));
  });
}

async function unless(code, work) {
  try {
    return await work();
  } catch (cause) {
    throw new VaultRefused(code, cause);
  }
}
