/** The API key of this page: kept for the tabs of this browser, or on this device when its owner asked for that. */

const NAME = `aixplain-hub-key ${location.pathname}`;
const ANSWER_TIME = 250; // milliseconds in which another tab answers
const channel = new BroadcastChannel(NAME);

/** Keys that the hub refused: another tab may still offer one. */
const refused = new Set();

export function key() {
  return sessionStorage.getItem(NAME) ?? localStorage.getItem(NAME);
}

/** Keep a key, and give it to the tabs that are asking for one. */
export function keep(value, { onDevice }) {
  forget();
  refused.delete(value);
  (onDevice ? localStorage : sessionStorage).setItem(NAME, value);
  channel.postMessage({ offered: value });
}

export function forget() {
  sessionStorage.removeItem(NAME);
  localStorage.removeItem(NAME);
}

/** Forget a key that the hub doesn't accept any more. */
export function refuse() {
  if (key()) refused.add(key());
  forget();
}

/** Forget the key in every tab. */
export function signOut() {
  channel.postMessage({ signedOut: key() });
  forget();
}

/** Return true if another tab is signed in, and use its key. Session storage is per tab, so a new tab has none. */
export async function joinOtherTab() {
  const offer = new Promise((resolve) => {
    const signal = AbortSignal.timeout(ANSWER_TIME);
    channel.addEventListener("message", ({ data }) => take(data.offered) && resolve(true), { signal });
    signal.addEventListener("abort", () => resolve(false));
  });
  channel.postMessage({ wanted: true });
  return offer;
}

function take(offered) {
  if (!offered || refused.has(offered)) return false;
  sessionStorage.setItem(NAME, offered);
  return true;
}

/** Call `signedIn` or `signedOut` when another tab did so. */
export function follow({ signedIn, signedOut }) {
  channel.addEventListener("message", ({ data }) => {
    if (data.wanted && key()) channel.postMessage({ offered: key() });
    else if (data.offered && !key() && take(data.offered)) signedIn();
    else if (data.signedOut && data.signedOut === key()) {
      forget();
      signedOut();
    }
  });
}
