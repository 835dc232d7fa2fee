// Lists of products that fill themselves from an answer, show why each product is there, and tell what was seen.

const SEEN_SHARE = 0.5;

export class Strip {
  constructor(section, api, surface) {
    this.section = section;
    this.cards = section.querySelector(".strip-cards");
    this.note = section.querySelector(".strip-note");
    this.api = api;
    this.surface = surface;
    this.turn = 0;
    this.showing = [];
    this.unseen = new Map();
    this.batch = [];
    this.watcher = new IntersectionObserver((entries) => this.see(entries), { threshold: SEEN_SHARE });
  }

  // Show an answer: {items, decision_id?}. Products that were not there before are marked for a moment.
  // Returns how many products are new, or -1 when a newer answer came first.
  async show(ask, empty) {
    const turn = ++this.turn;
    this.cards.setAttribute("aria-busy", "true");
    let answer;
    let html = "";
    try {
      answer = await ask();
      html = answer.items.length ? await this.fetchCards(answer.items.map((item) => item.product)) : "";
    } catch (problem) {
      if (turn === this.turn) this.tell(`No list now: ${problem.message}`);
      return -1;
    }
    if (turn !== this.turn) return -1;
    const before = new Set(this.showing);
    this.watcher.disconnect();
    this.unseen.clear();
    const template = document.createElement("template");
    template.innerHTML = html;
    this.api.told.learn(template.content.querySelectorAll(".card"));
    const found = new Map([...template.content.querySelectorAll(".card")].map((card) => [card.dataset.product, card]));
    const shown = answer.items.filter((item) => found.has(item.product));
    shown.forEach((item, index) => this.dress(found.get(item.product), item, index + 1, answer, before));
    this.showing = shown.map((item) => item.product);
    this.cards.replaceChildren(...shown.map((item) => found.get(item.product)));
    this.cards.scrollTo({ left: 0 });
    this.tell(shown.length ? "" : empty);
    return this.showing.filter((product) => !before.has(product)).length;
  }

  dress(card, item, position, answer, before) {
    card.dataset.position = position;
    card.dataset.surface = this.surface();
    if (answer.decision_id) card.dataset.decision = answer.decision_id;
    const reason = item.reasons?.[0];
    const line = document.createElement("p");
    line.className = "reason";
    line.textContent = reason?.text ?? "Wanted by others right now";
    if (reason) line.dataset.code = reason.code;
    card.append(line);
    if (before.size && !before.has(item.product)) card.classList.add("new");
    this.unseen.set(card, { product: item.product, position, decision_id: answer.decision_id });
    this.watcher.observe(card);
  }

  tell(words) {
    this.note.textContent = words;
    this.section.classList.toggle("bare", Boolean(words));
    this.cards.removeAttribute("aria-busy");
    if (words) this.cards.replaceChildren();
  }

  async fetchCards(products) {
    const query = new URLSearchParams(products.map((product) => ["product", product]));
    const response = await fetch(`${this.api.data.home}/cards?${query}`);
    if (!response.ok) throw new Error(`${response.status} ${response.statusText}`);
    return response.text();
  }

  // An impression counts when half of the card was on the screen, once for each answer; they go out in batches.
  see(entries) {
    for (const { target, isIntersecting } of entries) {
      const what = this.unseen.get(target);
      if (!isIntersecting || !what) continue;
      this.unseen.delete(target);
      this.watcher.unobserve(target);
      this.batch.push({ type: "impression", surface: target.dataset.surface, ...what });
    }
    if (this.batch.length && !this.timer) this.timer = setTimeout(() => this.flush(), 400);
  }

  flush() {
    this.timer = undefined;
    const events = this.batch.splice(0);
    if (events.length) this.api.send(events);
  }
}
