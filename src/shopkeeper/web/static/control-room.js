// What every page of the control room does: fold the menu away, open rows in place, sort and filter tables.

const button = document.querySelector(".side-button");
const links = document.getElementById("side-links");
const narrow = matchMedia("(max-width: 860px)");

function fold(open) {
  button.setAttribute("aria-expanded", String(open));
  links.hidden = narrow.matches && !open;
}
button.addEventListener("click", () => fold(button.getAttribute("aria-expanded") !== "true"));
narrow.addEventListener("change", () => fold(!narrow.matches));
fold(!narrow.matches);

document.addEventListener("click", (event) => {
  const opens = event.target.closest(".opens");
  if (!opens) return;
  const more = document.getElementById(opens.getAttribute("aria-controls"));
  const open = opens.getAttribute("aria-expanded") !== "true";
  opens.setAttribute("aria-expanded", String(open));
  more.hidden = !open;
});

// A sortable table's rows are its bodies where rows open, else its rows.
const rowsOf = (table) => [...(table.classList.contains("opening") ? table.tBodies : table.tBodies[0].rows)];
const textOf = (row, column) => {
  const cell = (row.matches("tbody") ? row.rows[0] : row).cells[column];
  return cell.dataset.value ?? cell.textContent.trim();
};

function compare(left, right) {
  const numbers = [Number(left.replaceAll(",", "")), Number(right.replaceAll(",", ""))];
  return numbers.some(Number.isNaN) ? left.localeCompare(right) : numbers[0] - numbers[1];
}

function sortable(table) {
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const sort = document.createElement("button");
    sort.type = "button";
    sort.className = "sort";
    sort.append(...head.childNodes);
    head.append(sort);
    sort.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const rows = rowsOf(table).sort((a, b) => compare(textOf(a, column), textOf(b, column)));
      if (down) rows.reverse();
      const place = table.classList.contains("opening") ? table : table.tBodies[0];
      place.append(...rows);
    });
  });
}
document.querySelectorAll("table[data-sortable]").forEach(sortable);
document.addEventListener("part", (event) => event.detail.querySelectorAll("table[data-sortable]").forEach(sortable));

for (const input of document.querySelectorAll("input[data-filter]")) {
  const table = document.getElementById(input.dataset.filter);
  input.addEventListener("input", () => {
    const wanted = input.value.toLowerCase().split(/\s+/);
    for (const row of rowsOf(table)) {
      const text = row.textContent.toLowerCase();
      row.hidden = !wanted.every((word) => text.includes(word));
    }
  });
}
