// The live numbers of the overview: one message a second from the server, shown as tiles, charts and a table.

import { axis, chart } from "./charts.js";

const KEPT = 300;
const MINUTES = { type: "date", tickformat: "%H:%M:%S", nticks: 7, hoverformat: "%H:%M:%S UTC" };
const first = JSON.parse(document.getElementById("live").textContent);
const seconds = sinceFirst(first.seconds);
const WHY = {
  no_model: "There was no trained model", not_opened: "An arm's version could not be opened", stopped: "Somebody stopped it",
  deadline: "The model took too long", error: "The model failed",
  breaker_open: "The model failed shortly before and was left alone", changed: "The shelf changed during the answer",
  stale: "The model gave no new answer; its last good one was shown",
};
// A server that started lately has silent seconds from before its time; they are no zeros to be shown.
function sinceFirst(rows) {
  const busy = rows.findIndex((row) => row.decisions || row.events);
  return rows.slice(Math.min(busy < 0 ? rows.length : busy, rows.length - 60));
}

const whole = new Intl.NumberFormat("en");
const tenth = new Intl.NumberFormat("en", { minimumFractionDigits: 1, maximumFractionDigits: 1 });
const share = (part, all) => (all ? `${tenth.format((100 * part) / all)}%` : "none");
const put = (id, text) => (document.getElementById(id).textContent = text);

function tiles(now) {
  const { window: over, totals } = now;
  const basis = `last ${over.seconds} s`;
  put("tile-rate", tenth.format(over.decisions / over.seconds));
  put("basis-rate", `${whole.format(over.decisions)} in the ${basis}`);
  put("tile-p99", over.p99_ms === null ? "none" : `${tenth.format(over.p99_ms)} ms`);
  put("basis-p99", over.p50_ms === null ? `no decision, ${basis}` : `half within ${tenth.format(over.p50_ms)} ms, ${basis}`);
  put("tile-rules", share(over.fallbacks, over.decisions));
  put("basis-rules", `${whole.format(over.fallbacks)} of ${whole.format(over.decisions)}, ${basis}`);
  put("tile-cached", share(over.cached, over.decisions));
  put("basis-cached", `${whole.format(over.cached)} of ${whole.format(over.decisions)}, ${basis}`);
  put("tile-events", tenth.format(over.events / over.seconds));
  put("basis-events", `${whole.format(over.events)} in the ${basis}`);
  put("answer-now", over.decisions ? sentence(over) : " Nobody asked in the last minute.");
  put("since", `: ${whole.format(totals.decisions)} decisions, ${whole.format(totals.events)} events, ${whole.format(totals.errors)} errors`);
  put("profiles", whole.format(now.profiles));
}

function sentence(over) {
  const rules = over.fallbacks ? `${share(over.fallbacks, over.decisions)} came from the rules` : "none came from the rules";
  return ` In the last minute it gave ${whole.format(over.decisions)} answers, 99% within ${tenth.format(over.p99_ms)} ms in its slowest second; ${rules}.`;
}

function why(totals) {
  const reasons = Object.entries(totals.fallbacks).sort((a, b) => b[1] - a[1]);
  const place = document.getElementById("why");
  if (!reasons.length) {
    place.textContent = totals.decisions ? "They did not have to: the model gave every answer." : "No decision yet.";
    return;
  }
  const rows = reasons.map(([reason, n]) => line("td", [WHY[reason] ?? reason, whole.format(n), share(n, totals.decisions)]));
  const head = line("th", ["Reason", "Decisions", "Share of all"]);
  const table = document.createElement("table");
  table.className = "list";
  table.createTHead().append(head);
  table.createTBody().append(...rows);
  place.replaceChildren(table);
}

function line(tag, texts) {
  const row = document.createElement("tr");
  texts.forEach((text, index) => {
    const cell = document.createElement(tag);
    cell.textContent = text;
    if (index && tag === "td" && /\d|none/.test(text)) cell.className = "n";
    if (index && tag === "th") cell.className = "n";
    row.append(cell);
  });
  return row;
}

const clock = (second) => new Date(second * 1000).toISOString().slice(11, 19);
const ms = (value) => (value === null ? "" : tenth.format(value));

function table() {
  const busy = seconds.filter((row) => row.decisions || row.events).slice(-30).reverse();
  const rows = busy.map((row) => {
    const cells = [clock(row.second), whole.format(row.decisions), whole.format(row.fallbacks), whole.format(row.cached), ms(row.p50_ms), ms(row.p99_ms), whole.format(row.events)];
    return line("td", cells);
  });
  document.querySelector("#seconds tbody").replaceChildren(...(rows.length ? rows : [line("td", ["Nothing yet", "", "", "", "", "", ""])]));
}

// Without a zone the chart shows them as they are: UTC, like every time of these pages.
const times = () => seconds.map((row) => new Date(row.second * 1000).toISOString().slice(0, 19));

function load(colour) {
  const trace = (name, field, line, fill) => ({
    x: times(), y: seconds.map((row) => row[field]), name, mode: "lines", line: { color: line, width: 2, shape: "hv" },
    ...(fill ? { fill: "tozeroy", fillcolor: `${line}22` } : {}),
  });
  return {
    data: [trace("all decisions", "decisions", colour.accent, true), trace("of them by the rules", "fallbacks", colour.control)],
    layout: { xaxis: axis(colour, MINUTES), yaxis: axis(colour, { rangemode: "tozero", nticks: 5 }) },
  };
}

function took(colour) {
  const trace = (name, field, line, dash) => ({
    x: times(), y: seconds.map((row) => row[field]), name, mode: "lines", connectgaps: false, line: { color: line, width: 2, dash },
  });
  const highest = Math.max(1, ...seconds.map((row) => row.p99_ms ?? 0));
  const deadline = Number(document.getElementById("chart-took").dataset.deadline);
  const shown = highest > deadline / 3;
  return {
    data: [trace("99% under", "p99_ms", colour.accent), trace("half under", "p50_ms", colour.control)],
    layout: {
      xaxis: axis(colour, MINUTES),
      yaxis: axis(colour, { rangemode: "tozero", nticks: 5 }),
      shapes: shown ? [{ type: "line", xref: "paper", x0: 0, x1: 1, y0: deadline, y1: deadline, line: { color: colour.warn, width: 1.5, dash: "dash" } }] : [],
      annotations: shown ? [{ xref: "paper", x: 0.01, y: deadline, yanchor: "bottom", xanchor: "left", bgcolor: colour.paper, showarrow: false, text: `the model's deadline, ${deadline} ms`, font: { color: colour.warn } }] : [],
    },
  };
}

let drawn = [];
function show(now) {
  tiles(now);
  why(now.totals);
  table();
  for (const draw of drawn) draw();
}

function begin() {
  drawn = [chart(document.getElementById("chart-load"), load), chart(document.getElementById("chart-took"), took)];
  show(first);
  const source = new EventSource("/control-room/stream");
  source.addEventListener("message", (message) => {
    const now = JSON.parse(message.data);
    const last = seconds.at(-1)?.second ?? 0;
    seconds.push(...now.seconds.filter((row) => row.second > last));
    seconds.splice(0, Math.max(0, seconds.length - KEPT));
    stale(false);
    show(now);
  });
  source.addEventListener("error", () => stale(true));
}

let since;
function stale(is) {
  since = is ? since ?? new Date() : undefined;
  const note = document.getElementById("stale");
  note.hidden = !is;
  if (is) note.textContent = `No word from the server since ${since.toLocaleTimeString()}. The numbers below are from then; asking again.`;
}

begin();
