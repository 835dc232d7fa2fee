// The interval of each version's deciding metric, side by side; the table below holds the same numbers.

import { axis, chart } from "./charts.js";

const nameOf = (point) => `${point.model}<br>${point.version}`;

function trace(name, points, names, marks, colour, symbol = "circle") {
  return {
    name, x: points.map((point) => point.value), y: names, type: "scatter", mode: "markers", hoverinfo: "x+y+name",
    marker: { color: marks, size: 11, symbol },
    error_x: {
      type: "data", symmetric: false, color: colour.control, thickness: 2, width: 6,
      array: points.map((point) => (point.high === null ? 0 : point.high - point.value)),
      arrayminus: points.map((point) => (point.low === null ? 0 : point.value - point.low)),
    },
  };
}

for (const place of document.querySelectorAll("[data-chart='versions']")) {
  const points = JSON.parse(document.getElementById(place.dataset.from).textContent);
  if (!points.length) {
    place.closest(".panel").hidden = true;
    continue;
  }
  chart(place, (colour) => {
    const marks = points.map((point) => (point.serving ? colour.accent : colour.control));
    const narrow = matchMedia("(max-width: 640px)").matches;
    const names = points.map(nameOf);
    const compared = points.filter((point) => point.baseline && point.beside?.low !== undefined);
    const traces = [trace("version", points, names, marks, colour), trace(
      compared[0]?.baseline ?? "", compared.map((point) => point.beside), compared.map(nameOf), compared.map(() => colour.control), colour, "diamond-open",
    )];
    return {
      data: compared.length ? traces : traces.slice(0, 1),
      layout: {
        showlegend: compared.length > 0, hovermode: "closest", height: 90 + 52 * points.length, margin: { l: narrow ? 8 : 190, r: 24, t: 30, b: 36 },
        xaxis: axis(colour, { rangemode: "tozero" }), yaxis: axis(colour, { type: "category", showticklabels: !narrow }),
      },
    };
  });
}
