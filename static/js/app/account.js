// One account: its code, notifications, a test, the name of this phone, and the way out.

import { call } from "../lib/calls.js";
import { change } from "../lib/vault.js";
import { writeConnection } from "./account_list.js";
import { CodeBox } from "./code_box.js";
import { lines } from "./lines.js";
import { screenOf, write } from "./markup.js";
import { tell, warn } from "./notices.js";
import { Notifications } from "./notifications.js";
import { resetTest } from "./phone_test.js";
import { define, isShown, replace } from "./screens.js";
import { find, refresh, wallet } from "./wallet.js";

const screen = screenOf("account");
const form = screen.querySelector("[data-rename]");
const notifications = new Notifications(screen.querySelector("[data-notifications]"), () => screen.dataset.device);
const codeBox = new CodeBox(screen.querySelector("[data-code-box]"));

export function defineAccount() {
  define("account", { enter: open, leave: () => codeBox.hide() });
  form.addEventListener("submit", rename);
  lines.addEventListener("state", () => isShown("account") && drawConnection());
  wallet.addEventListener("change", () => isShown("account") && draw());
  document.addEventListener("visibilitychange", () => document.hidden && codeBox.hide());
}

function open(device) {
  screen.dataset.device = device;
  const account = find(device);
  if (account?.state !== "active") return replace("accounts");
  form.querySelector("input").value = account.name;
  draw();
  resetTest(account);
  codeBox.reveal();
}

function draw() {
  const account = find(screen.dataset.device);
  if (!account) return replace("accounts");
  write(screen, { login: account.login, host: account.host });
  screen.querySelector("a[data-remove]").href = `#remove/${account.device}`;
  codeBox.of(account);
  drawConnection();
  notifications.draw();
}

function drawConnection() {
  const account = find(screen.dataset.device);
  if (account) writeConnection(screen, account);
}

async function rename(event) {
  event.preventDefault();
  const account = find(screen.dataset.device);
  const field = form.querySelector("input");
  try {
    // The site's answer is the name as it is shown everywhere: without what turns or hides letters.
    const { name } = await call(account, "PATCH", "/device/v1/device", { name: field.value.trim() });
    field.value = name;
    await change(account, { name });
  } catch {
    return warn(form.dataset.textUnreachable);
  }
  await refresh();
  tell(form.dataset.textRenamed);
}
