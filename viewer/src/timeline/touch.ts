// What a pointer means on the lanes: a click, a pan, a pinch, a stretch chosen with Shift, a bar moved.

export type Gestures = {
  click: (x: number, y: number) => void;
  open: (x: number, y: number) => void;
  pan: (dx: number, dy: number) => void;
  zoom: (factor: number, x: number) => void;
  range: (from_x: number, to_x: number) => void;
  /** The recording whose bar may be moved from here, if any. */
  grabs: (x: number, y: number, alt: boolean) => string | null;
  drag: (id: string, dx: number) => void;
};

/** A hand is not still: less than this is a click. */
const STILL_PX = 4;

type Held = { x: number; y: number; from_x: number; from_y: number };

export class Touch {
  #held = new Map<number, Held>();
  #moved = false;
  #doing: "pan" | "range" | { drag: string } = "pan";

  constructor(private readonly gestures: Gestures) {}

  down(event: PointerEvent): void {
    if (event.button !== 0) return;
    const { x, y } = point(event);
    (event.currentTarget as Element).setPointerCapture(event.pointerId);
    this.#held.set(event.pointerId, { x, y, from_x: x, from_y: y });
    if (this.#held.size > 1) return;
    this.#moved = false;
    const id = this.gestures.grabs(x, y, event.altKey);
    this.#doing = id !== null ? { drag: id } : event.shiftKey ? "range" : "pan";
  }

  move(event: PointerEvent): void {
    const held = this.#held.get(event.pointerId);
    if (!held) return;
    const { x, y } = point(event);
    if (this.#held.size === 2) {
      this.#pinch(event.pointerId, held, x, y);
      return;
    }
    if (!this.#moved && Math.hypot(x - held.from_x, y - held.from_y) < STILL_PX) return;
    this.#moved = true;
    if (this.#doing === "pan") this.gestures.pan(x - held.x, y - held.y);
    else if (this.#doing === "range") this.gestures.range(held.from_x, x);
    else this.gestures.drag(this.#doing.drag, x - held.x);
    held.x = x;
    held.y = y;
  }

  up(event: PointerEvent): void {
    const held = this.#held.get(event.pointerId);
    this.#held.delete(event.pointerId);
    if (held && !this.#moved && this.#held.size === 0) this.gestures.click(held.x, held.y);
  }

  cancel(event: PointerEvent): void {
    this.#held.delete(event.pointerId);
  }

  twice(event: MouseEvent): void {
    const { x, y } = point(event);
    this.gestures.open(x, y);
  }

  #pinch(id: number, held: Held, x: number, y: number): void {
    const other = [...this.#held].find(([one]) => one !== id)?.[1];
    if (!other) return;
    this.#moved = true;
    const before = Math.hypot(held.x - other.x, held.y - other.y);
    const after = Math.hypot(x - other.x, y - other.y);
    const middle = (x + other.x) / 2;
    if (before > 8 && after > 8) this.gestures.zoom(after / before, middle);
    this.gestures.pan((x - held.x) / 2, (y - held.y) / 2);
    held.x = x;
    held.y = y;
  }
}

function point(event: MouseEvent): { x: number; y: number } {
  const box = (event.currentTarget as Element).getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}
