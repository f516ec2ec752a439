// The district: village cells and town outlines of the registry, no tiles, nothing from outside.
import * as L from "/static/leaflet/leaflet-src.esm.js";

const LEAST_PX = 60;
const CELLS = "/api/v1/registry/map.geojson?kind=";

async function cells(kind) {
  const reply = await fetch(CELLS + kind);
  if (!reply.ok) throw new Error(`the registry answered ${reply.status}`);
  return reply.json();
}

export class District {
  static async open(element, { onTown, onPlace } = {}) {
    try {
      const [villages, towns] = await Promise.all([cells("villages"), cells("towns")]);
      return new District(element, villages, towns, onTown, onPlace);
    } catch {
      element.textContent = element.dataset.away;
      element.classList.add("hint");
      return null;
    }
  }

  constructor(element, villages, towns, onTown, onPlace) {
    this.element = element;
    this.states = new Map();
    this.moved = false;
    this.drawing = false;
    this.map = L.map(element, { zoomSnap: 0.25, attributionControl: false, scrollWheelZoom: false });
    element.setAttribute("role", "region");
    element.setAttribute("aria-label", element.dataset.label);
    this.villages = L.geoJSON(villages, { style: { className: "cell" } }).addTo(this.map);
    this.towns = L.geoJSON(towns, { style: { className: onTown ? "cell town clickable" : "cell town" } });
    this.towns.addTo(this.map);
    this.towns.eachLayer((layer) => {
      const { name, code } = layer.feature.properties;
      layer.bindTooltip(name, { permanent: true, direction: "center", className: "town-name" });
      if (onTown) layer.on("click", () => this.drawing || onTown(code));
    });
    if (onPlace) {
      this.villages.eachLayer((layer) => layer.bindTooltip(() => onPlace(layer.feature.properties), { sticky: true }));
    }
    this.focus(new Set());
    this.map.on("dragstart", () => (this.moved = true));
    element.addEventListener("click", (event) => (this.moved ||= Boolean(event.target.closest(".leaflet-control"))));
    new ResizeObserver(() => this.resized()).observe(element);
    element.addEventListener("focusin", () => this.map.scrollWheelZoom.enable());
    element.addEventListener("focusout", () => this.map.scrollWheelZoom.disable());
  }

  fit() {
    if (Math.min(this.element.clientWidth, this.element.clientHeight) < LEAST_PX) return;
    this.map.fitBounds(this.bounds, { padding: [6, 6], animate: false, maxZoom: 12 });
  }

  // Show these villages as large as there is room for.
  focus(codes) {
    const chosen = this.villages.getLayers().filter((layer) => codes.has(layer.feature.properties.code));
    this.bounds = L.featureGroup(chosen.length ? chosen : [this.villages]).getBounds();
    this.fit();
  }

  resized() {
    this.map.invalidateSize();
    if (!this.moved) this.fit();
  }

  // Colour the villages: `states` maps a code to a class, every other village is `rest`.
  colour(states, rest = "") {
    this.villages.eachLayer((layer) => {
      const code = layer.feature.properties.code;
      const state = states.get(code) ?? rest;
      if (this.states.get(code) === state) return;
      this.states.set(code, state);
      layer.getElement()?.setAttribute("class", `cell ${state} leaflet-interactive`);
    });
  }
}

export { L };
