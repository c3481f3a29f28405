// Search over titles and browsing by city and month. Everything read is shown as text.
"use strict";

const STEP = 20;
const COMMON = new Set("the of in to and for on at is by with an as its".split(" "));
const $ = (id) => document.getElementById(id);
const kept = new Map();
let index = null;
let turn = 0;
let asked = false;

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

function words(text) {
  const found = new Set();
  for (const run of text.normalize("NFKC").toLowerCase().match(/[a-z0-9]+|[\u3400-\u9fff]+/g) ?? []) {
    if (run[0] < "\u3400") {
      if (run.length > 1 && !COMMON.has(run)) found.add(run);
    } else {
      for (let at = 0; at + 1 < run.length; at++) found.add(run.slice(at, at + 2));
    }
  }
  return [...found];
}

// The numbers of all pairs that have a word beginning so (Latin) or this word (Han) in a title.
async function having(word) {
  const shard = (31 * word.charCodeAt(0) + word.charCodeAt(1)) % index.shards;
  const lists = await read(`search/${shard}.json`);
  const found = new Set();
  for (const [other, steps] of Object.entries(lists)) {
    if (other !== word && !(word[0] < "\u3400" && other.startsWith(word))) continue;
    let number = 0;
    for (const step of steps) found.add(number += step);
  }
  return found;
}

async function search(query) {
  const sets = await Promise.all(words(query).map(having));
  sets.sort((a, b) => a.size - b.size);
  return sets.length ? [...sets[0]].filter((number) => sets.every((set) => set.has(number))) : [];
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

function months(city) {
  const counts = new Map();
  for (const file of index.files) {
    if (file.city === city) counts.set(file.month, (counts.get(file.month) ?? 0) + file.count);
  }
  return [...counts];
}

function fill(select, options) {
  select.replaceChildren(...options.map(([value, text]) => element("option", text, { value })));
}

function browse(keep) {
  const city = Number($("city").value);
  if (!keep) {
    const found = months(city);
    const all = found.reduce((sum, [, count]) => sum + count, 0);
    fill($("month"), [["", `all months (${all})`], ...found.map(([month, count]) => [month, `${month} (${count})`])]);
  }
  const wanted = $("month").value;
  const numbers = [];
  for (const file of index.files) {
    if (file.city !== city || (wanted && file.month !== wanted)) continue;
    for (let at = 0; at < file.count; at++) numbers.push(file.first + at);
  }
  const { en } = index.cities[city];
  return show(numbers, wanted ? `${en}, ${wanted}` : en);
}

async function find() {
  const query = $("query").value.trim();
  if (!query) return browse(true);
  if (!words(query).length) {
    return show([], "Two letters, digits or characters at least, please; the commonest words do not count");
  }
  const mine = ++turn;
  $("status").textContent = "Searching …";
  const numbers = await search(query);
  if (mine !== turn) return undefined;
  return show(numbers, numbers.length ? `Titles with “${query}”` : `No title has “${query}”`);
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
  const present = new Set(files.map((file) => file.city));
  fill($("city"), stored.cities.flatMap((city, at) => (present.has(at) ? [[at, `${city.en} ${city.zh}`]] : [])));
  if (!present.size) {
    $("status").textContent = "This release holds no pairs.";
    return;
  }
  $("city").onchange = () => browse(false).catch(failed);
  $("month").onchange = () => browse(true).catch(failed);
  await browse(false);
  if (asked) await find();
}

$("search").addEventListener("submit", (event) => {
  event.preventDefault();
  // What is asked before the index has come is answered when it has.
  if (index) find().catch(failed);
  else asked = true;
});
$("browse").addEventListener("submit", (event) => event.preventDefault());
start().catch(failed);
