// What the pages' scripts share. No text is ever read as HTML: nodes are made, never parsed.
const $ = (id) => document.getElementById(id);

function make(tag, attributes, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (value !== null && value !== undefined && value !== false) {
      node.setAttribute(name, value === true ? "" : String(value));
    }
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

const DIGITS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

function number(value) {
  if (value === null || Number.isNaN(value)) return "–";
  const size = Math.abs(value);
  const sign = value < 0 ? "−" : "";
  if (size === 0) return "0";
  if (size === Infinity) return sign + "∞";
  if (size >= 1e-4 && size < 1e6) {
    const decimals = Math.max(3 - Math.floor(Math.log10(size)), 0);
    return sign + size.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });
  }
  const [mantissa, power] = size.toExponential(1).split("e");
  const exponent = String(Number(power)).replace("-", "⁻").replace(/[0-9]/g, (d) => DIGITS[d]);
  return `${sign}${mantissa}\u00a0×\u00a010${exponent}`;
}

// Tables of class "sortable" are sorted by their headings, and filtered by a search box if long.
function cellValue(row, column) {
  const cell = row.cells[column];
  return cell.dataset.v === undefined ? cell.textContent.trim() : cell.dataset.v;
}

function sortRows(table, column, descending) {
  const rows = [...table.tBodies[0].rows];
  const values = new Map(rows.map((row) => [row, cellValue(row, column)]));
  const isMissing = (row) => values.get(row) === "" || values.get(row) === "–";
  const numeric = rows.every((row) => isMissing(row) || !Number.isNaN(Number(values.get(row))));
  const compare = numeric ? (a, b) => Number(a) - Number(b) : new Intl.Collator("en", { numeric: true }).compare;
  const sign = descending ? -1 : 1;
  // What is not defined comes last in both directions.
  rows.sort((a, b) => isMissing(a) - isMissing(b) || sign * compare(values.get(a), values.get(b)));
  table.tBodies[0].append(...rows);
}

function enhance(table) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    if (!head.textContent.trim() || head.classList.contains("picture")) return;
    const button = make("button", { type: "button", class: "sort" }, ...head.childNodes);
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      // Numbers are first shown from the largest: what is asked for most.
      const first = head.classList.contains("number") ? "descending" : "ascending";
      const other = first === "descending" ? "ascending" : "descending";
      const order = head.getAttribute("aria-sort") === first ? other : first;
      heads.forEach((each) => each.removeAttribute("aria-sort"));
      head.setAttribute("aria-sort", order);
      sortRows(table, column, order === "descending");
    });
  });
  const rows = [...table.tBodies[0].rows];
  if (rows.length < 12) return;
  const box = make("input", { type: "search", "aria-label": `Search in ${table.dataset.label}`, placeholder: "Search" });
  const count = make("span", { "aria-live": "polite", class: "count" });
  const texts = new Map(rows.map((row) => [row, row.textContent.toLowerCase()]));
  box.addEventListener("input", () => {
    const wanted = box.value.trim().toLowerCase();
    let shown = 0;
    for (const row of rows) {
      row.hidden = !texts.get(row).includes(wanted);
      shown += row.hidden ? 0 : 1;
    }
    count.textContent = wanted ? `${shown.toLocaleString("en-US")} of ${rows.length.toLocaleString("en-US")} rows` : "";
  });
  table.closest(".scroll").before(make("p", { class: "filter" }, box, " ", count));
}

for (const table of document.querySelectorAll("table.sortable")) enhance(table);
