// The cart page, drawn from what this browser holds.

export function showCart(place, cart, data, { remove, buy }) {
  const lines = cart.lines;
  if (!lines.length) {
    place.replaceChildren(made("p", "empty", "The cart is empty. Whatever you put in it stays in this browser."));
    return;
  }
  const money = new Intl.NumberFormat(data.locale, { style: "currency", currency: data.currency });
  const list = made("ul", "cart-lines");
  for (const line of lines) list.append(row(line, money, remove));
  const total = lines.reduce((sum, line) => sum + (line.price ?? 0) * line.quantity, 0);
  const sum = made("p", "cart-total", "Total ");
  sum.append(made("strong", "price", money.format(total)));
  const button = made("button", "buy", "Buy");
  button.id = "place-order";
  button.type = "button";
  button.addEventListener("click", buy);
  const foot = made("div", "cart-foot");
  foot.append(sum, button, made("p", "muted small", "Nothing is charged: this is a demo shop."));
  place.replaceChildren(list, foot);
}

function row(line, money, remove) {
  const item = made("li", "cart-line");
  const link = made("a", "cart-title", line.title);
  link.href = line.href;
  const out = made("button", "quiet", "Take out");
  out.type = "button";
  out.setAttribute("aria-label", `Take ${line.title} out of the cart`);
  out.addEventListener("click", () => remove(line));
  const price = line.price === null ? "Price on request" : money.format(line.price * line.quantity);
  item.append(link, made("span", "muted", `× ${line.quantity}`), made("span", "price", price), out);
  return item;
}

function made(tag, className, text = "") {
  const element = document.createElement(tag);
  element.className = className;
  element.textContent = text;
  return element;
}
