// An account as the vault keeps it, with the test keys of docs/vectors.json, on the page of their server.

import { bytes, inputs, privateKey } from "./vectors.js";

globalThis.location = { origin: inputs.origin };

export const account = {
  device: inputs.device,
  account: inputs.account,
  serverId: bytes.server_id,
  serverKey: bytes.server_key,
  privateKey: await privateKey("device"),
  clockOffset: 0,
};
