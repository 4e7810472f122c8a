// Adding an OTP app: "Copy" beside the secret exists only where a script can do it.

import { enableCopying } from "./lib/copy.js";

enableCopying();
