// Removing an account from this phone: says what it means, then tells the site, then forgets it.

import { call } from "../lib/calls.js";
import { forget } from "../lib/vault.js";
import { fill, say, screenOf, wordsFor, write } from "./markup.js";
import { tell } from "./notices.js";
import { define, go, replace } from "./screens.js";
import { expectToLose, find, refresh } from "./wallet.js";

const screen = screenOf("remove");
const line = screen.querySelector("[data-line]");
// All else (removed on the site before, key lost) is no reason to keep it here.
const MUST_STAY = ["last_factor", "unreachable", "slow_down"];

let account = null;

export function defineRemoval() {
  define("remove", { enter: ask });
  screen.querySelector("button[data-remove]").addEventListener("click", remove);
}

function ask(device) {
  account = find(device);
  if (!account) return replace("accounts");
  write(screen, { login: account.login, host: account.host });
  screen.querySelector("[data-keep]").href = `#account/${device}`;
  say(line, "");
}

async function remove() {
  try {
    await call(account, "DELETE", "/device/v1/device");
  } catch (error) {
    if (MUST_STAY.includes(error.code)) return say(line, wordsFor(screen, error.code));
  }
  expectToLose(account.device);
  await forget(account.device);
  await refresh();
  tell(fill(screen.dataset.textRemoved, { login: account.login }));
  go("accounts");
}
