// The list of ordered work is read again while something in it goes on, more rarely while nothing does.

const BUSY = 2000;
const IDLE = 15000;

const place = document.getElementById("runs-now");

async function refresh() {
  let pause = IDLE;
  try {
    const answer = await fetch(place.dataset.fragment, { cache: "no-store" });
    if (answer.ok) place.innerHTML = await answer.text(); // our own page, escaped where it was made
    if (place.querySelector("progress")) pause = BUSY;
  } catch {
    // the server is away for a moment; what was read last stays
  }
  setTimeout(refresh, document.hidden ? IDLE : pause);
}

if (place) setTimeout(refresh, place.querySelector("progress") ? BUSY : IDLE);
