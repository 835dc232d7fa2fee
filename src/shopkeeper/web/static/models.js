// The interval of each version's deciding metric, side by side; the table below holds the same numbers.

import { axis, chart } from "./charts.js";

for (const place of document.querySelectorAll("[data-chart='versions']")) {
  const points = JSON.parse(document.getElementById(place.dataset.from).textContent);
  if (!points.length) {
    place.closest(".panel").hidden = true;
    continue;
  }
  chart(place, (colour) => {
    const marks = points.map((point) => (point.serving ? colour.accent : colour.control));
    const names = points.map((point) => `${point.model}<br>${point.version}`);
    const trace = {
      x: points.map((point) => point.value), y: names, type: "scatter", mode: "markers", hoverinfo: "x+y",
      marker: { color: marks, size: 11, symbol: points.map((point) => (point.serving ? "circle" : "circle-open")) },
      error_x: {
        type: "data", symmetric: false, color: colour.control, thickness: 2, width: 6,
        array: points.map((point) => (point.high === null ? 0 : point.high - point.value)),
        arrayminus: points.map((point) => (point.low === null ? 0 : point.value - point.low)),
      },
    };
    return {
      data: [trace],
      layout: {
        showlegend: false, hovermode: "closest", height: 90 + 52 * points.length, margin: { l: 190, r: 24, t: 8, b: 36 },
        xaxis: axis(colour, { rangemode: "tozero" }), yaxis: axis(colour, { type: "category" }),
      },
    };
  });
}
