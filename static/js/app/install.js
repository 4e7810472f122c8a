// Brings the service worker into the browser. Its address is a script's, which only a policy may make.

const SCOPE = "/app/";

export function installWorker() {
  // Private windows of some browsers have no workers; the app then works while it has a network.
  if (!navigator.serviceWorker) return;
  navigator.serviceWorker.register(scriptAddress(), { scope: SCOPE, type: "module" }).catch(() => {});
}

function scriptAddress() {
  const address = document.body.dataset.worker;
  const policy = globalThis.trustedTypes?.createPolicy("kauth-worker", { createScriptURL: () => address });
  return policy ? policy.createScriptURL("") : address;
}
