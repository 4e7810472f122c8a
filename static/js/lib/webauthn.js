// WebAuthn between the page's JSON and the browser's buffers. By hand: the browsers' own conversions are young.

import { b64, unb64 } from "./frames.js";

export function canUseKeys() {
  return Boolean(window.PublicKeyCredential && navigator.credentials);
}

export async function makeKey(options) {
  const publicKey = {
    ...options,
    challenge: unb64(options.challenge),
    user: { ...options.user, id: unb64(options.user.id) },
    excludeCredentials: options.excludeCredentials.map(withBytes),
  };
  const made = await navigator.credentials.create({ publicKey });
  return {
    ...named(made),
    response: {
      clientDataJSON: toText(made.response.clientDataJSON),
      attestationObject: toText(made.response.attestationObject),
      transports: made.response.getTransports?.() ?? [],
    },
  };
}

export async function askKey(options) {
  const publicKey = {
    ...options,
    challenge: unb64(options.challenge),
    allowCredentials: options.allowCredentials.map(withBytes),
  };
  const asked = await navigator.credentials.get({ publicKey });
  const { response } = asked;
  return {
    ...named(asked),
    response: {
      clientDataJSON: toText(response.clientDataJSON),
      authenticatorData: toText(response.authenticatorData),
      signature: toText(response.signature),
      userHandle: response.userHandle ? toText(response.userHandle) : null,
    },
  };
}

function named(credential) {
  return { id: credential.id, rawId: toText(credential.rawId), type: credential.type };
}

function withBytes(descriptor) {
  return { ...descriptor, id: unb64(descriptor.id) };
}

function toText(buffer) {
  return b64(new Uint8Array(buffer));
}
