// Backup codes: "Print" and "Copy" exist only where a script can do them.

import { enableCopying } from "./lib/copy.js";

const print = document.querySelector("[data-print]");
print.hidden = false;
print.addEventListener("click", () => window.print());
enableCopying();
