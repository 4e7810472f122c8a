// From a link to a linked account: claim it, compare numbers, wait for the computer.

import { claim, untilActive } from "../lib/linking.js";
import { readLink } from "../lib/links.js";
import { forget } from "../lib/vault.js";
import { finish } from "./arrival.js";
import { screenOf, say, wordsFor, write, writeDigits } from "./markup.js";
import { warn } from "./notices.js";
import { describe } from "./phone.js";
import { define, go, replace } from "./screens.js";
import { expectToLose, find, refresh } from "./wallet.js";

const TRY_AGAIN_AFTER = 3_000;

const screen = screenOf("check");
const line = screen.querySelector("[data-line]");
let waiting = new AbortController();

export function defineLinking() {
  define("check", { enter: compare, leave: () => waiting.abort() });
  screen.querySelector("[data-cancel]").addEventListener("click", cancel);
}

/** Claims the link at `address` and goes to the numbers; throws what keeps it from that. */
export async function follow(address) {
  const link = readLink(address, document.body.dataset.origin);
  const { account } = await claim({ link, ...(await describe()) });
  await refresh();
  replace("check", account.device);
}

function compare(device) {
  const account = find(device);
  if (!account || account.state === "active") return replace("accounts");
  write(screen, { login: account.login, host: account.host });
  writeDigits(screen.querySelector("[data-check-number]"), account.checkNumber);
  say(line, screen.dataset.textWaits);
  screen.dataset.device = device;
  wait(account);
}

async function wait(account) {
  waiting = new AbortController();
  const { signal } = waiting;
  try {
    await untilActive(account, { signal });
  } catch (error) {
    if (!signal.aborted) await stopWaiting(account, error, signal);
    return;
  }
  await refresh();
  await arrive(account.device, signal);
}

// The computer has said yes, and the account stays, whatever keeps its secret and its codes away just now.
async function arrive(device, signal) {
  if (!find(device)) return replace("accounts");
  try {
    await finish(find(device));
  } catch {
    say(line, screen.dataset.textUnreachable);
    setTimeout(() => !signal.aborted && arrive(device, signal), TRY_AGAIN_AFTER);
  }
}

async function stopWaiting(account, error, signal) {
  if (error.code === "unreachable") {
    say(line, screen.dataset.textUnreachable);
    setTimeout(() => !signal.aborted && wait(account), TRY_AGAIN_AFTER);
    return;
  }
  await lose(account.device);
  warn(wordsFor(screen, error.code));
  go("accounts");
}

async function cancel() {
  waiting.abort();
  const { device } = screen.dataset;
  if (find(device)?.state !== "active") await lose(device);
  go("accounts");
}

async function lose(device) {
  expectToLose(device);
  await forget(device);
  await refresh();
}
