// The shop's own script: follows the shopper, tells Shopkeeper, and fills the lists from its answers.

import { cartOf, newId, shopper } from "./shopper.js";
import { EnginePanel } from "./engine-panel.js";
import { showCart } from "./storefront-cart.js";
import { ShopApi } from "./shop-api.js";
import { Strip } from "./strips.js";

const LIST_LENGTH = 12;
const data = JSON.parse(document.getElementById("shop-data").textContent);
const panel = new EnginePanel();
const api = new ShopApi(data, panel);
const cart = cartOf(data.store);
const content = () => document.getElementById("content");
const surface = () => content().dataset.surface;
const forYou = new Strip(document.getElementById("for-you"), api, surface);
const trending = new Strip(document.getElementById("trending"), api, surface);

// The front page has its lists above the shelf, every other page below what it is about.
function place() {
  const lists = document.getElementById("lists");
  if (surface() === "home") content().before(lists);
  else content().after(lists);
}

// The page's own event goes first and is durable before the lists are asked for, so they already know it.
async function arrive(from = {}) {
  const { product, query, results } = content().dataset;
  panel.learn(document.querySelectorAll("[data-product]"));
  if (product) await api.send([{ type: "view", product, surface: "product", ...from }]);
  else if (query) await api.send([{ type: "search", query, results: Number(results), surface: surface() }]);
  await refresh();
}

async function refresh() {
  const { product } = content().dataset;
  const inCart = surface() === "cart" ? cart.lines.map((line) => line.product) : [];
  const out = product ? [product] : inCart;
  const lists = [
    forYou.show(() => asked(() => api.recommend(surface(), inCart, out, LIST_LENGTH)), "Nothing to show here yet."),
  ];
  const beside = document.getElementById("goes-with");
  if (product && beside) {
    const strip = new Strip(beside, api, surface);
    lists.push(strip.show(() => api.similar(product, LIST_LENGTH), "Nobody has taken anything together with this yet."));
  }
  const [fresh] = await Promise.all(lists);
  // What the first list shows is not repeated in the next one.
  const others = async () => without(await api.trending(2 * LIST_LENGTH), [...out, ...forYou.showing]);
  await trending.show(others, "Nobody is shopping right now. What is looked at shows up here within the second.");
  if (fresh > 0) say(`${fresh} of the products for you are new.`);
  panel.known(await api.known().catch(() => ({ read: true, events: [], limit: 0 })));
  document.documentElement.dataset.ready = String(Number(document.documentElement.dataset.ready ?? 0) + 1);
}

function without(answer, products) {
  return { ...answer, items: answer.items.filter((item) => !products.includes(item.product)).slice(0, LIST_LENGTH) };
}

async function asked(ask) {
  const answer = await ask();
  panel.answered(answer);
  return answer;
}

function say(words) {
  document.getElementById("said").textContent = words;
}

// Go to another page of this store without leaving this one: only the middle is exchanged.
let shown = location.pathname + location.search;
let turn = 0;
async function go(href, { push = true, from = {} } = {}) {
  const mine = ++turn;
  let html;
  try {
    const response = await fetch(href, { headers: { Accept: "text/html" } });
    html = await response.text();
  } catch {
    location.assign(href);
    return;
  }
  if (mine !== turn) return;
  const next = new DOMParser().parseFromString(html, "text/html");
  const middle = next.getElementById("content");
  if (!middle) {
    location.assign(href);
    return;
  }
  if (push) history.pushState({}, "", href);
  shown = location.pathname + location.search;
  document.title = next.title;
  content().replaceWith(middle);
  place();
  mark();
  scrollTo({ top: 0 });
  middle.focus({ preventScroll: true });
  if (surface() === "cart") drawCart();
  await arrive(from);
}

function mark() {
  const here = location.pathname;
  for (const link of document.querySelectorAll(".sections a, .cart-link")) {
    const path = new URL(link.href).pathname;
    if (path === here) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const count = document.getElementById("cart-count");
  count.textContent = cart.units;
  count.hidden = cart.units === 0;
}

function drawCart() {
  showCart(document.getElementById("cart"), cart, data, {
    remove: async (line) => {
      cart.remove(line.product);
      drawCart();
      mark();
      await api.send([{ type: "remove", product: line.product, surface: "cart" }]);
      await refresh();
    },
    buy: async () => {
      const order_id = newId("o");
      const rows = cart.lines.map(({ product, quantity, price, currency }) => ({
        type: "purchase", product, quantity, order_id, surface: "cart", ...(price === null ? {} : { price, currency }),
      }));
      cart.empty();
      drawCart();
      mark();
      say("Thank you. The order is placed.");
      await api.send(rows);
      await refresh();
    },
  });
}

async function putInCart(button) {
  const { product, title, price, currency } = button.dataset;
  const line = { product, title, currency, price: price === undefined ? null : Number(price), href: location.pathname };
  cart.add(line);
  mark();
  say(`${title} is in the cart.`);
  button.textContent = "In the cart. Add another";
  const money = line.price === null ? {} : { price: line.price, currency };
  await api.send([{ type: "cart", product, quantity: 1, surface: "product", ...money }]);
  await refresh();
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest("#buy");
  if (button) {
    putInCart(button);
    return;
  }
  const link = event.target.closest("a[href]");
  if (!link || link.dataset.reload !== undefined || link.origin !== location.origin) return;
  if (event.metaKey || event.ctrlKey || event.shiftKey || event.button !== 0) return;
  if (!link.pathname.startsWith(data.home) || link.getAttribute("href").startsWith("#")) return;
  event.preventDefault();
  const card = link.closest(".card[data-decision]");
  let from = {};
  if (card) {
    const { product, decision, position, surface: where } = card.dataset;
    from = { decision_id: decision };
    await api.send([{ type: "click", product, decision_id: decision, position: Number(position), surface: where }]);
  }
  go(link.href, { from });
});

document.addEventListener("submit", (event) => {
  const form = event.target.closest(".search, .order");
  if (!form) return;
  event.preventDefault();
  const address = new URL(form.action || location.href);
  address.search = new URLSearchParams(new FormData(form)).toString();
  go(address.href);
});

document.addEventListener("change", async (event) => {
  if (event.target.id === "order") event.target.form.requestSubmit();
  if (event.target.id !== "consent-personalise" && event.target.id !== "consent-measure") return;
  shopper.consent = {
    personalise: document.getElementById("consent-personalise").checked,
    measure: document.getElementById("consent-measure").checked,
  };
  await refresh();
});

document.getElementById("new-shopper").addEventListener("click", async () => {
  shopper.startAnew();
  panel.forget();
  mark();
  if (surface() === "cart") drawCart();
  say("You are a new shopper now.");
  await refresh();
});

// A jump within the page, such as the skip link's, is no other page.
addEventListener("popstate", () => {
  if (location.pathname + location.search !== shown) go(location.href, { push: false });
});

document.getElementById("consent-personalise").checked = shopper.consent.personalise;
document.getElementById("consent-measure").checked = shopper.consent.measure;
mark();
if (surface() === "cart") drawCart();
arrive();
