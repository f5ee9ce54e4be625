/** The key that this page uses, if the hub wants one: for this tab, or on this device when its owner asked for that. */

const NAME = `aixplain-hub-key ${location.pathname}`;

export function key() {
  return sessionStorage.getItem(NAME) ?? localStorage.getItem(NAME);
}

export function keep(value, { onDevice }) {
  forget();
  (onDevice ? localStorage : sessionStorage).setItem(NAME, value);
}

export function forget() {
  sessionStorage.removeItem(NAME);
  localStorage.removeItem(NAME);
}
