// Every call to Shopkeeper's public API, as any shop's own script would make it: with the store's browser key.

import { newId, shopper } from "./shopper.js";

export class ShopApi {
  constructor(data, told) {
    this.data = data;
    this.told = told;
  }

  // Send events in one batch; resolves when they are durable, so the next answer knows them.
  async send(events) {
    const common = { store: this.data.store, visitor: shopper.visitor, session: shopper.session, consent: shopper.consent };
    const rows = events.map((event) => ({ event_id: newId("e"), ts: new Date().toISOString(), ...common, ...event }));
    try {
      await this.call("POST", "/v1/events", { events: rows });
      this.told.sent(rows, true);
    } catch (problem) {
      this.told.sent(rows, false, problem.message);
    }
  }

  // `products` is what the page is about, `exclude` what must not come back.
  async recommend(surface, products, exclude, k) {
    const { visitor, session, consent } = shopper;
    const body = { store: this.data.store, visitor, session, consent, surface, products, exclude, k };
    return this.timed("POST", "/v1/recommendations", body);
  }

  async similar(product, k) {
    const query = new URLSearchParams({ store: this.data.store, k });
    return this.timed("GET", `/v1/products/${encodeURIComponent(product)}/similar?${query}`);
  }

  async trending(k) {
    return this.call("GET", `/v1/trending?${new URLSearchParams({ store: this.data.store, k })}`);
  }

  async known() {
    const { visitor, session, consent } = shopper;
    return this.call("POST", `${this.data.home}/known`, { visitor, session, consent });
  }

  async timed(method, path, body) {
    const started = performance.now();
    const answer = await this.call(method, path, body);
    return { ...answer, trip_ms: performance.now() - started };
  }

  async call(method, path, body) {
    const headers = { Authorization: `Bearer ${this.data.key}` };
    if (body) headers["Content-Type"] = "application/json";
    const response = await fetch(path, { method, headers, body: body && JSON.stringify(body), keepalive: method === "POST" });
    const document = response.status === 204 ? null : await response.json();
    if (!response.ok) throw new Error(document?.detail ?? `${response.status} ${response.statusText}`);
    return document;
  }
}
