// After linking: shall this phone ring while the app is closed?

import { screenOf } from "./markup.js";
import { Notifications } from "./notifications.js";
import { define, go } from "./screens.js";
import { find } from "./wallet.js";

const screen = screenOf("ring-me");
const notifications = new Notifications(screen.querySelector("[data-notifications]"), () => screen.dataset.device);

export function defineRingMe() {
  define("ring-me", { enter: draw });
}

function draw(device) {
  if (!find(device)) return go("accounts");
  screen.dataset.device = device;
  notifications.draw();
}
