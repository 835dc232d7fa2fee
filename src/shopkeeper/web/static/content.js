// Texts decided by keyboard: A approves, R rejects, E edits, W says why, N goes on, U undoes. Also how long one looked.

const form = document.getElementById("decide");
const shown = performance.now();

function press(word) {
  const button = form.querySelector(`button[value="${word}"]`);
  if (button) form.requestSubmit(button);
}

const KEYS = {
  a: () => press("accept"),
  r: () => (form.elements.reason.value.trim() ? press("reject") : form.elements.reason.focus()),
  u: () => press("undo"),
  e: () => form.elements.text.focus(),
  w: () => form.elements.reason.focus(),
  n: () => document.getElementById("next").click(),
};

if (form) {
  form.addEventListener("submit", () => {
    form.elements.seconds.value = ((performance.now() - shown) / 1000).toFixed(1);
  });
  document.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input, textarea, select");
    if (typing) {
      if (event.key === "Escape") event.target.blur();
      if (event.key === "Enter" && event.ctrlKey && event.target.id === "text") press("edit");
      if (event.key === "Enter" && event.target.id === "reason") {
        event.preventDefault(); // Enter in a form presses its first button, which approves
        if (event.target.value.trim()) press("reject");
      }
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    const act = KEYS[event.key.toLowerCase()];
    if (act) {
      event.preventDefault();
      act();
    }
  });
}
