/** What was written into forms, kept for this tab: it survives Back, a reload and signing in again. */

const PREFIX = `aixplain-hub-form ${location.pathname} `;

/** The state that was saved under a name, or null. */
export function saved(name) {
  try {
    return JSON.parse(sessionStorage.getItem(PREFIX + name));
  } catch {
    return null;
  }
}

/** Save a state. One that is larger than the browser allows isn't kept. */
export function save(name, state) {
  try {
    sessionStorage.setItem(PREFIX + name, JSON.stringify(state));
  } catch {
    discard(name);
  }
}

export function discard(name) {
  sessionStorage.removeItem(PREFIX + name);
}

/** Forget all forms, so that whoever signs in next doesn't see them. */
export function discardAll() {
  for (const name of Object.keys(sessionStorage)) if (name.startsWith(PREFIX)) sessionStorage.removeItem(name);
}
