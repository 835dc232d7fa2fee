// Who this browser is, what it allows and what is in its cart. Nothing here leaves the browser by itself.

const WORDS = { visitor: "shopkeeper.visitor", session: "shopkeeper.session", consent: "shopkeeper.consent" };

function newId(kind) {
  const bytes = crypto.getRandomValues(new Uint8Array(12));
  return `${kind}-${Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

function kept(place, name, make) {
  const found = place.getItem(name);
  if (found) return found;
  const made = make();
  place.setItem(name, made);
  return made;
}

export const shopper = {
  get visitor() {
    return kept(localStorage, WORDS.visitor, () => newId("v"));
  },
  get session() {
    return kept(sessionStorage, WORDS.session, () => newId("s"));
  },
  get consent() {
    return JSON.parse(localStorage.getItem(WORDS.consent) ?? '{"personalise":true,"measure":true}');
  },
  set consent(allowed) {
    localStorage.setItem(WORDS.consent, JSON.stringify(allowed));
  },
  startAnew() {
    localStorage.removeItem(WORDS.visitor);
    sessionStorage.removeItem(WORDS.session);
    for (const name of Object.keys(localStorage)) if (name.startsWith("shopkeeper.cart.")) localStorage.removeItem(name);
  },
};

export function cartOf(store) {
  const name = `shopkeeper.cart.${store}`;
  const read = () => JSON.parse(localStorage.getItem(name) ?? "[]");
  const write = (lines) => localStorage.setItem(name, JSON.stringify(lines));
  return {
    get lines() {
      return read();
    },
    get units() {
      return read().reduce((sum, line) => sum + line.quantity, 0);
    },
    add(line) {
      const lines = read();
      const there = lines.find((other) => other.product === line.product);
      if (there) there.quantity += 1;
      else lines.push({ ...line, quantity: 1 });
      write(lines);
    },
    remove(product) {
      write(read().filter((line) => line.product !== product));
    },
    empty() {
      write([]);
    },
  };
}

export { newId };
