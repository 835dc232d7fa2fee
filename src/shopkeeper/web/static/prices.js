// Pages about prices by keyboard: a letter opens its button and goes to the reason, N and B turn pages, / finds.

const typing = (element) => element.matches("input, textarea, select");

function press(key) {
  const act = document.querySelector(`.act[data-key="${CSS.escape(key)}"]`);
  if (act) {
    act.open = true;
    act.querySelector("input[name=why]").focus();
    return true;
  }
  const link = document.getElementById({ n: "later", b: "earlier" }[key] ?? "");
  if (link) {
    link.click();
    return true;
  }
  const field = key === "/" ? document.querySelector("#find select, #find input") : null;
  if (field) field.focus();
  return Boolean(field);
}

document.addEventListener("keydown", (event) => {
  if (typing(event.target)) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  if (press(event.key.toLowerCase())) event.preventDefault();
});
document.documentElement.dataset.keys = "on";

// What has to be worked out is asked for once the page stands; what comes is our own page, escaped where it was made.
for (const place of document.querySelectorAll("[data-part]")) {
  try {
    const answer = await fetch(place.dataset.part, { cache: "no-store" });
    if (!answer.headers.get("content-type")?.startsWith("text/html")) throw new TypeError("no page of ours");
    place.innerHTML = await answer.text();
  } catch {
    place.innerHTML =
      '<div class="notice bad" role="alert"><p>It could not be worked out. Open the page again; if that does not help, the server\'s log says why.</p></div>';
  }
  place.setAttribute("aria-busy", "false");
  document.getElementById("part-told").textContent = "It is worked out.";
  document.dispatchEvent(new CustomEvent("part", { detail: place }));
}
