// The review list: filtered and sorted in memory, 50 samples shown at a time.
const PAGE = 50;
const DECISIONS = ["keep", "change", "unsure"];
const data = JSON.parse($("data").textContent);
const rows = data.rows;
const total = rows.index.length;
const className = (k) => (data.classes ? data.classes[k] : String(k));
const shortName = (k) => (className(k).length > 60 ? `${className(k).slice(0, 59)}…` : className(k));
const idOf = (k) => (rows.id ? rows.id[k] : `row ${rows.index[k]}`);
const keyOf = (k) => (rows.file ? `${rows.file[k]}|` : "") + rows.index[k];
const storeKey = `easiness review ${data.key}`;
const pictures = [...document.querySelectorAll("#samples-to-review img")].map((img) => img.src);
const texts = rows.index.map((_, k) =>
  [idOf(k), rows.text ? rows.text[k] : "", rows.file ? rows.file[k] : ""].join(" ").toLowerCase());

let decisions = {};
let visible = [];
let current = 0; // a position in `visible`
let first = 0; // the position that the page of cards begins with

let isSaved = true; // else memory knows more than the browser's storage

function load() {
  if (!isSaved) return;
  try {
    decisions = JSON.parse(localStorage.getItem(storeKey)) || decisions;
  } catch {
    isSaved = false;
  }
}

function save() {
  try {
    localStorage.setItem(storeKey, JSON.stringify(decisions));
    isSaved = true;
  } catch {
    isSaved = false;
  }
  $("storage").hidden = isSaved;
}

function fillClasses(select, column) {
  const counts = new Map();
  for (const k of rows[column]) counts.set(k, (counts.get(k) || 0) + 1);
  for (const k of [...counts.keys()].sort((a, b) => a - b)) {
    select.append(make("option", { value: k }, `${shortName(k)} (${counts.get(k)})`));
  }
}

function apply() {
  const wanted = $("search").value.trim().toLowerCase();
  const [given, suggested, flag, done] = ["given", "suggested", "flag", "done"].map((id) => $(id).value);
  visible = [];
  for (let k = 0; k < total; k += 1) {
    const decision = decisions[keyOf(k)];
    const state = decision ? decision.is : "open";
    if ((given === "" || rows.label[k] === Number(given))
      && (suggested === "" || rows.suggested[k] === Number(suggested))
      && (flag === "" || rows.flagged[k] === (flag === "yes"))
      && (done === "" || state === done || (done === "decided" && state !== "open"))
      && texts[k].includes(wanted)) visible.push(k);
  }
  const [column, direction] = $("sort").value.split(" ");
  const sign = direction === "down" ? -1 : 1;
  const values = column === "pair"
    ? rows.label.map((label, k) => `${className(label)}\u0000${className(rows.suggested[k])}`)
    : column === "id" ? rows.index.map((_, k) => idOf(k)) : rows[column];
  if (column !== "rank" || sign < 0) {
    const collator = new Intl.Collator("en", { numeric: true });
    const isText = column === "pair" || column === "id";
    visible.sort((a, b) => sign * (isText ? collator.compare(values[a], values[b]) : values[a] - values[b]) || a - b);
  }
  current = first = 0;
  draw();
}

function bar(label, k, p, kind) {
  const fill = make("i", { class: kind });
  fill.style.width = `${100 * p}%`;
  return make("div", { class: "class" }, make("small", {}, label), make("bdi", {}, className(k)),
    make("span", { class: "bar", "aria-hidden": "true" }, fill), make("span", { class: "p" }, number(p)));
}

function card(position) {
  const k = visible[position];
  const decision = decisions[keyOf(k)];
  const sample = make("div", { class: "sample" });
  const picture = k < pictures.length ? pictures[k] : data.pictures && data.pictures[k - pictures.length];
  if (picture) sample.append(make("img", { src: picture, alt: `sample ${idOf(k)}` }));
  if (rows.text) sample.append(make("p", { class: "quote" }, make("bdi", {}, rows.text[k])));
  const facts = [`#${rows.rank[k]}`, `suspicion ${number(rows.suspicion[k])}`];
  if (rows.id) facts.push(`row ${rows.index[k]}`);
  if (rows.aum) facts.push(`AUM ${number(rows.aum[k])}`);
  if (rows.file) facts.push(rows.file[k]);
  const who = make("div", { class: "who" }, make("bdi", { class: "name" }, idOf(k)),
    make("small", {}, facts.join(" · ")), rows.flagged[k] ? make("small", { class: "tag" }, "flagged") : null);
  const decide = make("div", { class: "decide", role: "group", "aria-label": `Decision on ${idOf(k)}` });
  DECISIONS.forEach((is, at) => {
    const button = make("button", { type: "button", "aria-pressed": String(Boolean(decision && decision.is === is)) },
      make("kbd", {}, String(at + 1)), ` ${is[0].toUpperCase()}${is.slice(1)}`);
    button.addEventListener("click", () => decideOn(position, is));
    decide.append(button);
  });
  const target = decision && decision.is === "change" ? decision.to : rows.suggested[k];
  if (position === current || target !== rows.suggested[k]) {
    const select = make("select", { "aria-label": `Change ${idOf(k)} to` });
    if (target === rows.label[k]) select.append(make("option", { value: "", selected: true }, "choose a class"));
    for (let c = 0; c < data.n_classes; c += 1) {
      if (c !== rows.label[k]) select.append(make("option", { value: c, selected: c === target }, shortName(c)));
    }
    select.addEventListener("change", () => select.value && decideOn(position, "change", Number(select.value), false));
    decide.append(make("label", { class: "other" }, "to ", select));
  }
  const said = decision ? decision.is + (decision.is === "change" ? ` to ${className(target)}` : "") : "undecided";
  decide.append(make("p", { class: "printed" }, said));
  return make("li", { class: `card${position === current ? " current" : ""}${decision ? ` is-${decision.is}` : ""}`,
    tabindex: -1, "aria-current": position === current ? "true" : null, "data-position": position },
  sample.childNodes.length ? sample : null, who,
  make("div", { class: "classes" }, bar("Given", rows.label[k], rows.p_label[k], "given"),
    rows.suggested[k] === rows.label[k] ? make("small", {}, "No other class is suggested.")
      : bar("Suggested", rows.suggested[k], rows.p_suggested[k], "suggested")), decide);
}

function draw() {
  const last = Math.min(first + PAGE, visible.length);
  const cards = [];
  for (let position = first; position < last; position += 1) cards.push(card(position));
  $("cards").replaceChildren(...cards);
  $("empty").hidden = visible.length > 0;
  $("previous").disabled = first === 0;
  $("next").disabled = last >= visible.length;
  $("where").textContent = visible.length ? `${(first + 1).toLocaleString("en-US")} to ${last.toLocaleString("en-US")}` : "";
  count();
}

function count() {
  const found = { keep: 0, change: 0, unsure: 0 };
  for (let k = 0; k < total; k += 1) {
    const decision = decisions[keyOf(k)];
    if (decision) found[decision.is] += 1;
  }
  const done = found.keep + found.change + found.unsure;
  const parts = DECISIONS.map((is) => `${found[is].toLocaleString("en-US")} ${is}`).join(", ");
  $("counter").textContent = `${done.toLocaleString("en-US")} of ${total.toLocaleString("en-US")} decided (${parts}). `
    + `Shown: ${visible.length.toLocaleString("en-US")}.`;
  $("progress").value = done;
  $("export").disabled = $("discard").disabled = done === 0;
}

function redraw(position) {
  const node = $("cards").querySelector(`[data-position="${position}"]`);
  if (node) node.replaceWith(card(position));
}

function move(position, focus = true) {
  if (position < 0 || position >= visible.length) return;
  const before = current;
  current = position;
  if (position < first || position >= first + PAGE) {
    first = Math.floor(position / PAGE) * PAGE;
    draw();
  } else {
    redraw(before);
    redraw(current);
  }
  const node = $("cards").querySelector(".current");
  if (focus) node.focus({ preventScroll: true });
  node.scrollIntoView({ block: "nearest" });
}

function decideOn(position, is, to = null, onward = true) {
  const k = visible[position];
  const before = decisions[keyOf(k)];
  if (is === "change" && to === null && before?.is !== "change" && rows.suggested[k] === rows.label[k]) {
    move(position); // no other class is suggested: it must be chosen
    $("cards").querySelector(".current select").focus();
    return;
  }
  load(); // another tab may have decided since
  if (before && before.is === is && to === null) delete decisions[keyOf(k)];
  else decisions[keyOf(k)] = is === "change" ? { is, to: to === null ? rows.suggested[k] : to } : { is };
  save();
  redraw(position);
  count();
  if (onward && decisions[keyOf(k)] && position + 1 < visible.length) move(position + 1);
  else move(position);
}

function exported() {
  const heads = [...(rows.file ? ["file"] : []), "index", ...(rows.id ? ["id"] : []), "label",
    ...(data.classes ? ["label_number"] : []), "decision", "new_label", ...(data.classes ? ["new_label_number"] : [])];
  const lines = [heads];
  for (let k = 0; k < total; k += 1) {
    const decision = decisions[keyOf(k)];
    if (!decision) continue;
    const to = decision.is === "change" ? decision.to : rows.label[k];
    lines.push([...(rows.file ? [rows.file[k]] : []), rows.index[k], ...(rows.id ? [rows.id[k]] : []), className(rows.label[k]),
      ...(data.classes ? [rows.label[k]] : []), decision.is, className(to), ...(data.classes ? [to] : [])]);
  }
  // A spreadsheet would run these as formulas; --apply knows the apostrophe.
  const inert = (value) => String(value).replace(/(^|[;\t\r\n])(?="*[=+\-@\t\r\n＝＋－＠])/g, "$1'");
  const quoted = (text) => (/[",;\t\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  const body = lines.map((line) => line.map((value) => quoted(inert(value))).join(",")).join("\n");
  return `\ufeff${body}\n`; // the mark tells a spreadsheet that this is UTF-8
}

function download() {
  const link = make("a", { href: URL.createObjectURL(new Blob([exported()], { type: "text/csv" })), download: "decisions.csv" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60000);
}

function discard() {
  const dropped = decisions;
  const undo = make("button", { type: "button" }, "Undo");
  undo.addEventListener("click", () => {
    decisions = { ...dropped, ...decisions };
    $("remembered").hidden = true;
    save();
    draw();
  });
  decisions = {};
  $("remembered").replaceChildren("All decisions were discarded. ", undo);
  $("remembered").hidden = false;
  save();
  draw();
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, select, textarea")) {
    if (event.key === "Escape") event.target.blur();
    return;
  }
  if (!$("shortcuts").checked) return;
  const steps = { j: 1, k: -1 };
  if (event.key in steps) move(current + steps[event.key]);
  else if ("123".includes(event.key) && visible.length) decideOn(current, DECISIONS[event.key - 1]);
  else if (event.key === "/") {
    $("filters").open = true;
    $("search").focus();
  } else return;
  event.preventDefault();
});
$("cards").addEventListener("click", (event) => {
  const node = event.target.closest(".card");
  if (node && !event.target.closest("button, select, label")) move(Number(node.dataset.position));
});
window.addEventListener("storage", (event) => {
  if (event.key === storeKey) {
    load();
    draw();
  }
});
for (const id of ["given", "suggested", "flag", "done", "sort"]) $(id).addEventListener("change", apply);
$("search").addEventListener("input", apply);
$("previous").addEventListener("click", () => move(first - PAGE));
$("next").addEventListener("click", () => move(first + PAGE));
$("export").addEventListener("click", download);
$("discard").addEventListener("click", discard);
fillClasses($("given"), "label");
fillClasses($("suggested"), "suggested");
load();
const remembered = rows.index.filter((_, k) => decisions[keyOf(k)]).length;
if (remembered) {
  $("remembered").textContent = `${remembered.toLocaleString("en-US")} ${remembered === 1 ? "decision" : "decisions"} `
    + "remembered from an earlier visit in this browser.";
  $("remembered").hidden = false;
}
if (window.matchMedia("(max-width: 40rem)").matches) $("filters").open = false;
$("static").remove();
$("app").hidden = false;
apply();
