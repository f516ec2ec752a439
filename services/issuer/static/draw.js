// Drawing polygons and circles by pointer or keyboard. The text area beside it holds what was drawn.
import { L } from "./map.js";

const SNAP_PX = 12;
const round = (degrees) => Number(degrees.toFixed(5));
const written = ({ lng, lat }) => `${round(lng)},${round(lat)}`;

function point(word) {
  const [lng, lat] = word.split(",").map(Number);
  return Number.isFinite(lng) && Number.isFinite(lat) ? L.latLng(lat, lng) : null;
}

function drawn(line) {
  const words = line.trim().replaceAll("，", ",").split(/\s+/);
  if (/^(circle|圆)$/i.test(words[0])) {
    const centre = point(words[1] ?? "");
    const radius = parseFloat(words[2]) * 1000;
    return centre && radius > 0 ? L.circle(centre, { radius, className: "drawn", interactive: false }) : null;
  }
  const corners = words.map(point);
  if (corners.length < 3 || corners.includes(null)) return null;
  return L.polygon(corners, { className: "drawn", interactive: false });
}

export class Drawing {
  constructor(district, area, tools, onChange) {
    Object.assign(this, { district, area, tools, onChange, kind: "", corners: [] });
    this.kept = L.layerGroup().addTo(district.map);
    this.sketch = L.layerGroup().addTo(district.map);
    this.buttons = Object.fromEntries([...tools.querySelectorAll("[data-draw]")].map((b) => [b.dataset.draw, b]));
    this.hint = tools.querySelector("#draw-hint");
    this.buttons.polygon.addEventListener("click", () => this.begin("polygon"));
    this.buttons.circle.addEventListener("click", () => this.begin("circle"));
    this.buttons.point.addEventListener("click", () => this.add(district.map.getCenter()));
    this.buttons.undo.addEventListener("click", () => this.undo());
    this.buttons.done.addEventListener("click", () => this.finish());
    this.buttons.clear.addEventListener("click", () => this.write([]));
    district.map.on("click", (event) => this.kind && this.clicked(event));
    district.map.on("mousemove", (event) => this.kind && this.draft(event.latlng));
    district.element.addEventListener("keydown", (event) => this.key(event));
    area.addEventListener("input", () => this.show());
    this.show();
  }

  show() {
    this.kept.clearLayers();
    for (const line of this.area.value.split("\n")) drawn(line)?.addTo(this.kept);
  }

  begin(kind) {
    this.kind = this.kind === kind ? "" : kind;
    this.corners = [];
    this.tell();
    if (this.kind) this.district.element.focus();
  }

  tell() {
    const { polygon, circle, point, undo, done } = this.buttons;
    polygon.setAttribute("aria-pressed", this.kind === "polygon");
    circle.setAttribute("aria-pressed", this.kind === "circle");
    for (const button of [point, undo, done]) button.hidden = !this.kind;
    this.hint.textContent = this.hint.dataset[this.kind || "idle"];
    this.district.drawing = Boolean(this.kind);
    this.district.element.classList.toggle("drawing", Boolean(this.kind));
    this.draft();
  }

  clicked(event) {
    const first = this.corners[0] && this.district.map.latLngToContainerPoint(this.corners[0]);
    if (this.kind === "polygon" && this.corners.length > 2 && first.distanceTo(event.containerPoint) < SNAP_PX) {
      this.finish();
    } else {
      this.add(event.latlng);
    }
  }

  add(latlng) {
    this.corners.push(latlng);
    if (this.kind === "circle" && this.corners.length === 2) this.finish();
    else this.draft();
  }

  undo() {
    this.corners.pop();
    this.draft();
  }

  draft(pointer) {
    this.sketch.clearLayers();
    if (!this.corners.length) return;
    const [first] = this.corners;
    if (this.kind === "circle" && pointer) {
      L.circle(first, { radius: first.distanceTo(pointer), className: "drawn", interactive: false }).addTo(this.sketch);
    } else if (this.kind === "polygon") {
      const line = pointer ? [...this.corners, pointer] : this.corners;
      L.polyline(line, { className: "drawn", interactive: false }).addTo(this.sketch);
    }
    for (const corner of this.corners) {
      L.circleMarker(corner, { radius: 5, className: "corner", interactive: false }).addTo(this.sketch);
    }
  }

  finish() {
    const lines = this.area.value.split("\n").filter((line) => line.trim());
    if (this.kind === "polygon" && this.corners.length > 2) {
      lines.push(this.corners.map(written).join(" "));
    } else if (this.kind === "circle" && this.corners.length === 2) {
      const km = this.corners[0].distanceTo(this.corners[1]) / 1000;
      lines.push(`circle ${written(this.corners[0])} ${km.toFixed(2)}`);
    } else {
      return;
    }
    this.kind = "";
    this.corners = [];
    this.tell();
    this.write(lines);
  }

  write(lines) {
    this.area.value = lines.join("\n");
    this.show();
    this.onChange();
  }

  key(event) {
    if (!this.kind) return;
    if (event.key === "Escape") this.begin(this.kind);
    else if (event.key === "Enter") this.finish();
    else if (event.key === " ") this.add(this.district.map.getCenter());
    else if (event.key === "Backspace") this.undo();
    else return;
    event.preventDefault();
  }
}
