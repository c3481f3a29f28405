// Search over titles and browsing, both by city and month, as the address says. Everything read is
// shown as text.
"use strict";

const STEP = 20;
const COMMON = new Set("the of in to and for on at is by with an as its".split(" "));
const $ = (id) => document.getElementById(id);
const kept = new Map();
let index = null;
let turn = 0;
let asked = false;
let answered = "";

// A file of the site, read once. The cache is bounded: a long visit must not fill the memory.
async function read(name) {
  if (!kept.has(name)) {
    if (kept.size > 200) kept.delete(kept.keys().next().value);
    kept.set(name, fetch(`data/${name}`).then((answer) => {
      if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
      return answer.json();
    }));
    kept.get(name).catch(() => kept.delete(name));
  }
  return kept.get(name);
}

const LETTERS = { ß: "ss", æ: "ae", œ: "oe", ø: "o", đ: "d", ð: "d", þ: "th", ł: "l", ı: "i" };
const MARKS = /['\u2018\u2019\u02bc](?:s(?![a-z0-9]))?|(?<=[0-9]),(?=[0-9]{3}(?![0-9]))/g;
const RUNS = /(?<![0-9.])[0-9]+[.][0-9]+(?![.]?[0-9])[a-z]*|[a-z0-9]+|[\u3007\u3400-\u9fff]+/g;

// As `title_index.py` cuts the titles.
function words(text) {
  const plain = text.normalize("NFKD").toLowerCase().replace(/[\u0300-\u036f]/g, "")
    .replace(/[ßæœøđðþłı]/g, (letter) => LETTERS[letter]).replace(MARKS, "");
  const found = new Set();
  for (const run of plain.match(RUNS) ?? []) {
    if (run[0] < "\u3000") {
      if ((run.length > 1 || /[0-9]/.test(run)) && !COMMON.has(run)) found.add(run);
    } else {
      for (let at = 0; at + 1 < run.length; at++) found.add(run.slice(at, at + 2));
    }
  }
  return [...found];
}

// The numbers of all pairs that have this word in a title, or one that begins so: letters only, as
// who looks for line 2 does not mean line 21.
async function having(word) {
  const shard = (31 * word.charCodeAt(0) + (word.length > 1 ? word.charCodeAt(1) : 0)) % index.shards;
  const lists = await read(`search/${shard}.json`);
  const found = new Set();
  for (const [other, steps] of Object.entries(lists)) {
    if (other !== word && !(/[a-z]$/.test(word) && other.startsWith(word))) continue;
    let number = 0;
    for (const step of steps) found.add(number += step);
  }
  return found;
}

async function search(query) {
  const sets = await Promise.all(words(query).map(having));
  sets.sort((a, b) => a.size - b.size);
  return [...sets[0]].filter((number) => sets.every((set) => set.has(number))).sort((a, b) => a - b);
}

async function pair(number) {
  let low = 0;
  let high = index.files.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (index.files[middle].first <= number) low = middle;
    else high = middle - 1;
  }
  const file = index.files[low];
  const rows = await read(`pairs/${file.city}/${file.month}-${file.part}.json`);
  return { city: index.cities[file.city], row: rows[number - file.first] };
}

function element(name, text, attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

function link(text, address, language) {
  return address
    ? element("a", text, { href: address, rel: "noopener noreferrer nofollow", lang: language })
    : element("span", text, { lang: language });
}

function item({ city, row }) {
  const [day, zh, en, zhLink, enLink, relation, probability] = row;
  const made = element("li", "");
  const titles = element("div", "", { class: "titles" });
  titles.append(link(zh || "–", zhLink, "zh"), link(en || "–", enLink, "en"));
  const about = `${city.en} · ${day ?? "undated"} · ${relation.replaceAll("_", " ")} · probability ${Math.min(probability, 0.99).toFixed(2)}`;
  made.append(titles, element("p", about));
  return made;
}

// Show these pairs, a page at a time. A later request makes an earlier one fall silent.
function show(numbers, said) {
  const mine = ++turn;
  let shown = 0;
  $("list").replaceChildren();
  async function more() {
    const next = numbers.slice(shown, shown + STEP);
    const found = await Promise.all(next.map(pair));
    if (mine !== turn) return;
    const items = found.map(item);
    $("list").append(...items);
    if (shown) items[0]?.querySelector("a, span")?.focus();
    shown += next.length;
    $("status").textContent = numbers.length ? `${said}: ${shown} of ${numbers.length} shown` : said;
    $("more").hidden = shown >= numbers.length;
  }
  $("more").onclick = () => more().catch(failed);
  return more();
}

function failed(error) {
  $("status").textContent = location.protocol === "file:"
    ? "Browsers let no page read its neighbours from the disk: serve this folder, as with python -m http.server, and open it from there."
    : `The data of this page cannot be read (${error.message}).`;
}

// The files of pairs with the numbers that are asked for of each: of all if `numbers` is null, else
// of these, which rise. The newest month is first.
function parts(numbers) {
  let at = 0;
  const found = [];
  for (const file of index.files) {
    const end = file.first + file.count;
    const from = at;
    while (numbers && at < numbers.length && numbers[at] < end) at++;
    const some = numbers ? numbers.slice(from, at)
      : Array.from({ length: file.count }, (_, more) => file.first + more);
    if (some.length) found.push({ city: file.city, month: file.month, numbers: some });
  }
  const age = ({ month }) => (month === "undated" ? "" : month);
  return found.sort((a, b) => (age(a) < age(b)) - (age(a) > age(b)));
}

function fill(select, all, found, key, name, chosen) {
  const counts = new Map(chosen === "" ? [] : [[chosen, 0]]);
  for (const part of found) counts.set(part[key], (counts.get(part[key]) ?? 0) + part.numbers.length);
  const total = found.reduce((sum, part) => sum + part.numbers.length, 0);
  const options = [...counts].map(([value, count]) => [value, `${name(value)} (${count})`]);
  if (key === "city") options.sort((a, b) => a[0] - b[0]);
  select.replaceChildren(...[["", `${all} (${total})`], ...options].map(([value, text]) =>
    element("option", text, { value })));
  select.value = chosen;
}

// Answer what the address asks: `q` in the titles, `city` by its key, `month`. The counts beside
// the cities and months are of what is found, so that no choice promises more than it shows.
async function answer() {
  answered = location.search;
  const asks = new URLSearchParams(location.search);
  const query = (asks.get("q") ?? "").trim();
  const at = index.cities.findIndex((city) => city.key === asks.get("city"));
  const city = at < 0 ? "" : at;
  const month = index.files.some((file) => file.month === asks.get("month")) ? asks.get("month") : "";
  $("query").value = query;
  const cut = words(query);
  const mine = ++turn;
  if (cut.length) $("status").textContent = "Searching …";
  const found = parts(query ? (cut.length ? await search(query) : []) : null);
  if (mine !== turn) return undefined;
  const here = found.filter((part) => city === "" || part.city === city);
  const named = (value) => `${index.cities[value].en} ${index.cities[value].zh}`;
  fill($("city"), "all cities", found, "city", named, city);
  fill($("month"), "all months", here, "month", (value) => value, month);
  const numbers = here.filter((part) => !month || part.month === month).flatMap((part) => part.numbers);
  const place = [...(city === "" ? [] : [index.cities[city].en]), ...(month ? [month] : [])];
  if (query && !cut.length) {
    return show([], "Two letters or characters, or a number, please; the commonest words do not count");
  }
  if (!query) return show(numbers, place.join(", ") || "All cities");
  const said = numbers.length ? `Titles with “${query}”` : `No title has “${query}”`;
  return show(numbers, [said, ...place].join(", "));
}

// Put what is chosen into the address, where it can be kept, sent and gone back to.
function ask() {
  const chosen = {
    q: $("query").value.trim(), city: index.cities[$("city").value]?.key, month: $("month").value,
  };
  const asks = new URLSearchParams(Object.entries(chosen).filter(([, value]) => value)).toString();
  const address = asks ? `?${asks}` : "";
  if (address !== location.search) history.pushState(null, "", address || location.pathname);
  answer().catch(failed);
}

async function start() {
  const stored = await read("index.json");
  let first = 0;
  const files = stored.files.map(([city, month, part, count]) => {
    const file = { city, month, part, count, first };
    first += count;
    return file;
  });
  index = { ...stored, files };
  if (!files.length) {
    $("status").textContent = "This release holds no pairs.";
    return;
  }
  $("city").onchange = ask;
  $("month").onchange = ask;
  window.onpopstate = () => {
    // A link to a section of the page goes through here, too, and asks for nothing else.
    if (location.search !== answered) answer().catch(failed);
  };
  const early = $("query").value;
  await answer();
  if (asked) {
    $("query").value = early;
    ask();
  }
}

$("search").addEventListener("submit", (event) => {
  event.preventDefault();
  // What is asked before the index has come is answered when it has.
  if (index) ask();
  else asked = true;
});
$("browse").addEventListener("submit", (event) => event.preventDefault());
start().catch(failed);
