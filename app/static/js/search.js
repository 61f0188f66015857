// Searches the manual in the browser: the index is one JSON file per language, fetched when the field is first used.
// Without this script the field stays hidden and the manual reads as well.

const box = document.querySelector(".search");
const field = box.querySelector("input");
const list = box.querySelector(".results");
const status = box.querySelector("[role=status]");
let index;

/** Lower case and without accents, so that "peticion" finds "petición"; as long as the text it is made from. */
const plain = (text) => Array.from(text, (letter) => letter.normalize("NFD")[0].toLowerCase()[0]).join("");

async function load() {
  const answer = await fetch(box.dataset.index);
  const entries = await answer.json();
  return entries.map((entry) => ({ ...entry, inTitle: plain(entry.title), inHeading: plain(entry.heading || entry.title), inText: plain(entry.text) }));
}

/** How well an entry fits: 0 when a word is missing; a heading counts more than a title, a title more than the text. The entry
    of a page itself has its title for a heading, so that it comes before the sections of other pages. */
function score(entry, words) {
  let sum = 0;
  for (const word of words) {
    const points = (entry.inHeading.includes(word) ? 8 : 0) + (entry.inTitle.includes(word) ? 4 : 0) + (entry.inText.includes(word) ? 1 : 0);
    if (points === 0) return 0;
    sum += points;
  }
  return sum;
}

/** The part of the text around the first word that is found, cut at spaces. */
function excerpt(entry, words) {
  const letters = Array.from(entry.text);
  const at = Math.max(0, Math.min(...words.map((word) => entry.inText.indexOf(word)).filter((place) => place >= 0)));
  const start = Number.isFinite(at) ? Math.max(0, at - 40) : 0;
  const part = letters.slice(start, start + 140).join("");
  return (start > 0 ? "…" + part.replace(/^\S*\s/, "") : part).replace(/\s\S*$/, "") + "…";
}

function row(entry, words) {
  const item = document.createElement("li");
  const link = document.createElement("a");
  link.href = entry.address;
  const title = document.createElement("b");
  title.textContent = entry.heading ? `${entry.title}: ${entry.heading}` : entry.title;
  const text = document.createElement("span");
  text.textContent = excerpt(entry, words);
  link.append(title, text);
  item.append(link);
  return item;
}

async function search() {
  const words = plain(field.value).split(/\s+/).filter(Boolean);
  if (words.length === 0) return clear();
  index ??= load();
  const entries = await index.catch(() => { index = undefined; return []; });
  // While the index was under way, the field may have changed: only its present text is answered.
  if (plain(field.value).split(/\s+/).filter(Boolean).join(" ") !== words.join(" ")) return;
  const found = entries
    .map((entry) => ({ entry, points: score(entry, words) }))
    .filter((hit) => hit.points > 0)
    .sort((a, b) => b.points - a.points)
    .slice(0, 12);
  list.replaceChildren(...found.map((hit) => row(hit.entry, words)));
  const text = found.length === 0 ? box.dataset.none : found.length === 1 ? box.dataset.one : box.dataset.many;
  status.textContent = text.replace("#", found.length);
  if (found.length === 0) list.append(Object.assign(document.createElement("li"), { textContent: box.dataset.none }));
}

function clear() {
  list.replaceChildren();
  status.textContent = "";
}

/** Moves the focus through the field and the results, and stops at both ends. */
function move(step) {
  const stops = [field, ...list.querySelectorAll("a")];
  const place = stops.indexOf(document.activeElement) + step;
  stops[Math.min(Math.max(place, 0), stops.length - 1)].focus();
}

field.addEventListener("input", search);
box.addEventListener("keydown", (event) => {
  if (event.key === "ArrowDown" || event.key === "ArrowUp") {
    event.preventDefault();
    move(event.key === "ArrowDown" ? 1 : -1);
  } else if (event.key === "Enter" && event.target === field) {
    list.querySelector("a")?.click();
  } else if (event.key === "Escape") {
    clear();
    field.focus();
  }
});
list.addEventListener("click", (event) => { if (event.target.closest("a")) clear(); });
document.addEventListener("click", (event) => { if (!box.contains(event.target)) clear(); });
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey || event.target.matches("input, textarea")) return;
  event.preventDefault();
  field.focus();
});

box.hidden = false;
