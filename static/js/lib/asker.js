// Reads a page's state from the server, one question at a time, until a form of the page is sent.

const PATIENCE = 8_000;

export function createAsker(address, { onState, onSilence }) {
  let underWay = false;
  let askAgain = false;
  let leaving = false;

  // From here on the server's answer to the form decides where to go. Going elsewhere because of a state that this
  // very form brought about would break off its answer.
  addEventListener("submit", () => (leaving = true));
  addEventListener("pageshow", (event) => event.persisted && (leaving = false));

  async function askOnce() {
    let state;
    try {
      state = await fetchState(address);
    } catch (reason) {
      if (!leaving) onSilence(reason);
      return;
    }
    if (!leaving) onState(state);
  }

  return async function ask() {
    // A bell that rings during a question may tell of something newer than its answer.
    askAgain = true;
    if (underWay) return;
    underWay = true;
    try {
      while (askAgain && !leaving) {
        askAgain = false;
        await askOnce();
      }
    } finally {
      underWay = false;
    }
  };
}

async function fetchState(address) {
  const response = await fetch(address, {
    headers: { Accept: "application/json" },
    cache: "no-store",
    signal: AbortSignal.timeout(PATIENCE),
  });
  // The session is over, and the page with it: the server says where to go.
  if (response.redirected) location.replace(location.pathname);
  if (!response.ok) throw new Error(`The server answered ${response.status}.`);
  return response.json();
}
