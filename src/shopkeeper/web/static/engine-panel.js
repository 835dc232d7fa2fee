// The panel that shows a shopper what the engine knows of them and how it answered last.

import { shopper } from "./shopper.js";

const VERBS = {
  impression: "Saw", view: "Looked at", click: "Clicked", cart: "Put in the cart", remove: "Took out", purchase: "Bought",
  search: "Searched", checkout: "Went to pay", rating: "Rated", dismiss: "Dismissed", refund: "Returned",
};
const WHY = {
  no_model: "there is no trained model yet",
  not_opened: "the version under test cannot be opened",
  stopped: "somebody stopped it",
  deadline: "the model took too long",
  error: "the model failed",
  breaker_open: "the model failed lately and rests",
  changed: "the shelf changed meanwhile",
  stale: "the model gave no new answer, so its last good one stands in",
};
const SENT_SHOWN = 8;

export class EnginePanel {
  constructor() {
    this.sentRows = [];
    this.titles = new Map();
    const narrow = matchMedia("(max-width: 1080px)");
    const fold = document.querySelector(".engine-fold");
    fold.open = !narrow.matches;
    narrow.addEventListener("change", (change) => (fold.open = !change.matches));
    this.visitor();
  }

  // Remember the names of the products on the page, so that events can be told by name.
  learn(places) {
    for (const place of places) {
      const title = place.querySelector("h1, .card-title")?.textContent;
      if (title) this.titles.set(place.dataset.product, title);
    }
  }

  visitor() {
    document.getElementById("visitor").textContent = shopper.visitor;
  }

  answered(answer) {
    const line = document.getElementById("answer-line");
    const byRules = answer.fallback !== null;
    const why = WHY[answer.fallback] ?? answer.fallback;
    const asPlanned = answer.model === null ? "By the rules, as this arm of a test is." : "By the trained model.";
    line.textContent = byRules ? `By the rules, because ${why}.` : asPlanned;
    line.className = `answer-line ${byRules || answer.model === null ? "rules" : "model"}`;
    document.getElementById("answer-model").textContent = answer.model ?? "none, the rules";
    document.getElementById("answer-variant").textContent = answer.variant;
    const took = `${answer.took_ms.toFixed(1)} ms (${answer.trip_ms.toFixed(0)} ms)`;
    document.getElementById("answer-took").textContent = took;
  }

  known(profile) {
    const note = document.getElementById("known-note");
    const count = profile.events.length;
    if (!profile.read) note.textContent = "You do not allow personalising, so nothing is read or remembered.";
    else if (!count) note.textContent = "Nothing yet. Look at a product, and it shapes the very next answer.";
    else note.textContent = `Your last ${count} ${count === 1 ? "action" : "actions"}, at most ${profile.limit}.`;
    const rows = profile.events.slice(0, 6).map((event) => entry(VERBS[event.type] ?? event.type, event.title, event.ago));
    document.getElementById("known").replaceChildren(...rows);
  }

  sent(rows, taken, problem) {
    const seen = rows.filter((row) => row.type === "impression").length;
    const words = rows.filter((row) => row.type !== "impression").map((row) => [VERBS[row.type], row.query ?? this.titles.get(row.product) ?? row.product ?? ""]);
    if (seen) words.push(["Saw", `${seen} recommended ${seen === 1 ? "product" : "products"}`]);
    for (const [verb, what] of words) this.sentRows.unshift({ verb, what, state: taken ? "kept" : `refused: ${problem}` });
    this.sentRows.length = Math.min(this.sentRows.length, SENT_SHOWN);
    const items = this.sentRows.map((row) => entry(row.verb, row.what, row.state));
    document.getElementById("sent").replaceChildren(...items);
    document.getElementById("sent-note").hidden = true;
  }

  forget() {
    this.sentRows = [];
    document.getElementById("sent").replaceChildren();
    document.getElementById("sent-note").hidden = false;
    this.visitor();
  }
}

function entry(verb, what, state) {
  const item = document.createElement("li");
  for (const [name, text] of [["verb", verb], ["what", what], ["state", state]]) {
    const part = document.createElement("span");
    part.className = name;
    part.textContent = text;
    item.append(part);
  }
  return item;
}
