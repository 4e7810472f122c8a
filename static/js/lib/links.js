// Reads the address that a QR or a copied link holds. This app links to the server that it came from and to no other.

import { unb64 } from "./frames.js";

const PATH = "/app/link";
const VERSION = "1";
const SIZE = 32;

// Why a link leads nowhere. `code`: not_a_link, other_server, other_version; while linking also refused, expired.
export class LinkRefused extends Error {
  constructor(code, host = "") {
    super(code);
    this.code = code;
    this.host = host;
  }
}

export function readLink(address, origin) {
  const [place, fragment = ""] = address.trim().split(/#(.*)/s);
  if (!place.endsWith(PATH) || !fragment) throw new LinkRefused("not_a_link");
  const members = membersOf(fragment);
  if (place !== origin + PATH) throw new LinkRefused("other_server", hostOf(place));
  if (members.get("v") !== VERSION) throw new LinkRefused("other_version");
  return { token: bytes(members, "t"), serverId: bytes(members, "s") };
}

function membersOf(fragment) {
  const members = new Map();
  for (const part of fragment.split("&")) {
    const [name, value] = part.split(/=(.*)/s);
    // What a name means twice, nobody can say.
    if (value === undefined || members.has(name)) throw new LinkRefused("not_a_link");
    members.set(name, value);
  }
  return members;
}

function hostOf(place) {
  try {
    return new URL(place).host;
  } catch {
    throw new LinkRefused("not_a_link");
  }
}

function bytes(members, name) {
  const found = unlessDamaged(members.get(name));
  if (found?.length !== SIZE) throw new LinkRefused("not_a_link");
  return found;
}

function unlessDamaged(text) {
  try {
    return unb64(text);
  } catch {
    return null;
  }
}
