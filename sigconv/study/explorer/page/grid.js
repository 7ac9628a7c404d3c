// A matrix on the page: a table with indices, whose cells can be edited or selected with mouse and keyboard.

import { el, format, parseNumber } from "./dom.js";

const STEPS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

/** A table without behaviour: `cells` are numbers or { value, class, text }; `heads` are names of its rows. */
export function matrixTable(cells, label, heads = []) {
  const head = (i) => (heads[i] ? [el("th", { scope: "row" }, heads[i])] : []);
  const rows = cells.map((row, i) => el("tr", {}, ...head(i), ...row.map((cell) => staticCell(cell))));
  return el("table", { class: "matrix plain", "aria-label": label }, el("tbody", {}, ...rows));
}

function staticCell(cell) {
  const { value, class: kind, text } = typeof cell === "number" ? { value: cell } : cell;
  return el("td", { class: kind, title: value }, text ?? format(value));
}

/**
 * A grid in an element of the page. `edit(row, column, value)` makes its samples editable, `select(row, column)` makes
 * all cells selectable. Rows and columns are positions; `show` may begin at negative ones, for ghosts.
 */
export class Grid {
  constructor(place, { label, edit, select }) {
    Object.assign(this, { place, label, edit, select, cells: new Map(), signature: "" });
    place.addEventListener("keydown", (event) => this.move(event));
  }

  /** Show cells { row, column, value, text, ghost }; elements are kept while their arrangement stays. */
  show(cells) {
    const signature = JSON.stringify(cells.map((row) => row.map((c) => [c.row, c.column, c.ghost])));
    if (signature !== this.signature) this.build(cells);
    this.signature = signature;
    for (const cell of cells.flat()) this.write(this.at(cell.row, cell.column), cell);
  }

  /** Show a matrix whose first entry has the position (0, 0). */
  showMatrix(matrix) {
    this.show(matrix.map((line, row) => line.map((value, column) => ({ row, column, value }))));
  }

  at(row, column) {
    return this.cells.get(`${row},${column}`);
  }

  build(cells) {
    this.cells.clear();
    const head = el(
      "tr",
      {},
      el("td", { class: "corner", role: "columnheader", "aria-label": "index" }),
      ...cells[0].map((c) => this.heading(c, c.column, "col")),
    );
    const body = cells.map((row) =>
      el("tr", {}, this.heading(row[0], row[0].row, "row"), ...row.map((cell) => this.cell(cell))),
    );
    const size = cells[0].length > 24 ? "tiny" : cells[0].length > 10 ? "small" : "";
    const role = this.select ? "grid" : undefined;
    const table = el(
      "table",
      { class: `matrix ${size}`, role, "aria-label": this.label },
      el("tbody", {}, head, ...body),
    );
    this.place.replaceChildren(table);
  }

  heading(cell, index, scope) {
    return el("th", { scope, class: cell.ghost && index < 0 ? "outside" : undefined }, format(index));
  }

  cell({ row, column, ghost }) {
    const name = `${this.label}, row ${row}, column ${column}`;
    const editable = this.edit && !ghost;
    const inner = editable ? this.input(row, column, name) : el("span");
    const cell = el("td", { class: ghost ? "ghost" : undefined, role: this.select ? "gridcell" : undefined }, inner);
    if (this.select) this.makeSelectable(cell, row, column);
    this.cells.set(`${row},${column}`, { cell, inner, editable, row, column, name });
    return cell;
  }

  input(row, column, name) {
    const input = el("input", { type: "text", inputmode: "text", "aria-label": name, autocomplete: "off" });
    input.addEventListener("input", () => {
      const value = parseNumber(input.value);
      input.setAttribute("aria-invalid", String(value === null));
      if (value !== null) this.edit(row, column, value);
    });
    input.addEventListener("blur", () => this.restore(row, column));
    input.addEventListener("focus", () => input.select());
    return input;
  }

  makeSelectable(cell, row, column) {
    cell.tabIndex = -1;
    cell.addEventListener("click", () => this.choose(row, column));
  }

  choose(row, column) {
    this.at(row, column).cell.focus({ preventScroll: true });
    this.select(row, column);
  }

  /** After typing, show the number that counts. */
  restore(row, column) {
    const entry = this.at(row, column);
    entry?.inner.setAttribute("aria-invalid", "false");
    if (entry) entry.inner.value = entry.text;
  }

  write(entry, { value, text }) {
    entry.text = text ?? format(value);
    entry.cell.title = String(value);
    if (entry.editable) {
      if (document.activeElement !== entry.inner) entry.inner.value = entry.text;
      return;
    }
    entry.inner.textContent = entry.text;
    if (this.select) entry.cell.setAttribute("aria-label", `${entry.name}: ${entry.text}`);
  }

  /** Give cells a class and a small weight: `marks` is a list of [row, column, class, weight]; earlier marks go. */
  mark(marks) {
    for (const [cell, name] of this.marked ?? []) {
      cell.classList.remove(name);
      delete cell.dataset.weight;
    }
    this.marked = marks.map(([row, column, name, weight]) => [this.at(row, column).cell, name, weight]);
    for (const [cell, name, weight] of this.marked) {
      cell.classList.add(name);
      if (weight !== undefined) cell.dataset.weight = weight;
    }
  }

  /** Make one cell the one that is selected, and reached by Tab. */
  current(row, column) {
    if (this.chosen) {
      this.chosen.tabIndex = -1;
      this.chosen.removeAttribute("aria-selected");
    }
    this.chosen = this.at(row, column)?.cell;
    if (!this.chosen) return;
    this.chosen.tabIndex = 0;
    this.chosen.setAttribute("aria-selected", "true");
  }

  /** Arrow keys move the selection; in editable cells up and down move to the neighbour. */
  move(event) {
    const step = STEPS[event.key];
    const from = [...this.cells.values()].find(({ cell }) => cell.contains(event.target));
    if (!step || !from || (from.editable && step[1] !== 0)) return;
    const to = this.at(from.row + step[0], from.column + step[1]);
    if (!to) return;
    event.preventDefault();
    if (this.select) this.choose(to.row, to.column);
    else to.inner.focus();
  }
}
