// Charts in the page's own colours. Without the chart script the tables behind them stand alone.

const css = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

export const colours = () => ({
  accent: css("--accent"), control: css("--control"), ink: css("--ink"), soft: css("--soft"), line: css("--line"),
  paper: css("--raised"), warn: css("--warn"),
});

// Draw, and draw again in the other colours when the reader's system changes them.
export function chart(place, build) {
  if (typeof Plotly === "undefined") {
    place.closest(".panel").hidden = true;
    return () => {};
  }
  const draw = () => {
    const { data, layout } = build(colours());
    Plotly.react(place, data, { ...ground(colours()), ...layout }, { displayModeBar: false, responsive: true });
  };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  draw();
  return draw;
}

function ground(colour) {
  return {
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: css("--sans"), size: 12, color: colour.soft },
    margin: { l: 40, r: 12, t: 30, b: 24 },
    height: 220,
    hovermode: "x unified",
    hoverlabel: { bgcolor: colour.paper, bordercolor: colour.line, font: { color: colour.ink } },
    legend: { orientation: "h", x: 0, y: 1.03, yanchor: "bottom", font: { color: colour.ink } },
    showlegend: true,
    dragmode: false,
  };
}

export function axis(colour, more = {}) {
  return { gridcolor: colour.line, linecolor: colour.line, zeroline: false, fixedrange: true, color: colour.soft, ...more };
}
