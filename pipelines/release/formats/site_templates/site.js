// Pairs and sentences as the address asks for them: `q` in titles or (`in=sentences`) sentences,
// `city` by its key, `month`; or `pair`, one pair with both texts. Everything read is shown as text.
"use strict";

const STEP = 20;
const COMMON = new Set("the of in to and for on at is by with an as its".split(" "));
const $ = (id) => document.getElementById(id);
const LANGUAGE = document.documentElement.lang === "en" ? "en" : "zh";
const kept = new Map();
const waiting = new Map();
let words = {};
let index = null;
let turn = 0;
let asked = false;
let answered = "";

// Each file of data is a script that calls this: from the disk, a page may read no other file.
globalThis.shizheng = (name, value) => waiting.get(name)?.(value);

// A file of the site, read once. The cache is bounded: a long visit must not fill the memory.
function read(name) {
  if (!kept.has(name)) {
    if (kept.size > 200) kept.delete(kept.keys().next().value);
    kept.set(name, new Promise((done, fail) => {
      const script = element("script", "", { src: `data/${name}.js` });
      const end = () => {
        script.remove();
        waiting.delete(name);
        fail(new Error(name)); // does nothing where the value came
      };
      waiting.set(name, done);
      script.onload = end;
      script.onerror = end;
      document.head.append(script);
    }));
    kept.get(name).catch(() => kept.delete(name));
  }
  return kept.get(name);
}

function say(key, facts = {}) {
  return (words[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => facts[name]);
}

const LETTERS = { ß: "ss", æ: "ae", œ: "oe", ø: "o", đ: "d", ð: "d", þ: "th", ł: "l", ı: "i" };
const MARKS = /['\u2018\u2019\u02bc](?:s(?![a-z0-9]))?|(?<=[0-9]),(?=[0-9]{3}(?![0-9]))/g;
const RUNS = /(?<![0-9.])[0-9]+[.][0-9]+(?![.]?[0-9])[a-z]*|[a-z0-9]+|[\u3007\u3400-\u9fff]+/g;

// As `word_index.py` cuts the texts.
function cut(text) {
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

// The numbers of all that have this word, or one that begins so: letters only, as who looks for
// line 2 does not mean line 21.
async function having(word, folder, shards) {
  const shard = (31 * word.charCodeAt(0) + (word.length > 1 ? word.charCodeAt(1) : 0)) % shards;
  const lists = await read(`${folder}/${shard}`);
  const found = new Set();
  for (const [other, steps] of Object.entries(lists)) {
    if (other !== word && !(/[a-z]$/.test(word) && other.startsWith(word))) continue;
    let number = 0;
    for (const step of steps) found.add(number += step);
  }
  return found;
}

async function search(asks, folder, shards) {
  const sets = await Promise.all(asks.map((word) => having(word, folder, shards)));
  sets.sort((a, b) => a.size - b.size);
  return [...sets[0]].filter((number) => sets.every((set) => set.has(number))).sort((a, b) => a - b);
}

// The numbers of sentences with these words (all without any), part by part of the index, so that
// no more is read than is shown.
async function* sentences(asks, city) {
  const ranges = index.beads.filter((range) => city === "" || range[0] === city);
  const among = (number) => ranges.some(([, first, count]) => number >= first && number < first + count);
  if (!asks.length) {
    for (const [, first, count] of ranges) for (let at = 0; at < count; at++) yield first + at;
    return;
  }
  for (const [part, [first, count, shards]] of index.parts.entries()) {
    if (!ranges.some((range) => range[1] < first + count && first < range[1] + range[2])) continue;
    yield* (await search(asks, `sentences/${part}`, shards)).filter(among);
  }
}

async function bead(number) {
  const file = Math.floor(number / index.inFile);
  const rows = await read(`beads/${Math.floor(file / index.inFolder)}/${file}`);
  const [of, zh, en, kind, probability, flags] = rows[number % index.inFile];
  return { number, of, zh, en, kind, probability, flags };
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
  const rows = await read(`pairs/${file.city}/${file.month}-${file.part}`);
  const [day, zh, en, zhLink, enLink, relation, probability, first, beads] = rows[number - file.first];
  const city = index.cities[file.city];
  return { number, city, day, zh, en, zhLink, enLink, relation, probability, first, beads };
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

// A link to another state of this page.
function turnTo(text, asks) {
  const made = element("a", text, { href: `?${new URLSearchParams(asks)}` });
  made.onclick = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go(made.getAttribute("href"))?.then(() => $("status").focus({ preventScroll: true }));
  };
  return made;
}

const rounded = (probability) => Math.min(probability, 0.99).toFixed(2);
const called = (city) => (LANGUAGE === "en" ? city.en : city.zh || city.en);

function titles(of) {
  const made = element("div", "", { class: "titles" });
  made.append(link(of.zh || "–", of.zhLink, "zh"), link(of.en || "–", of.enLink, "en"));
  return made;
}

function about(of) {
  return say("about", {
    city: called(of.city), day: of.day ?? say("undated"), relation: say(of.relation),
    probability: rounded(of.probability),
  });
}

async function item(number) {
  const of = await pair(number);
  const made = element("li", "");
  const line = element("p", about(of));
  if (of.beads) line.append(" · ", turnTo(say("side_by_side"), { pair: number }));
  made.append(titles(of), line);
  return made;
}

// A text with what was asked for marked, whole or in the parts that are searched. A word of letters
// is marked where one begins.
function marked(text, language, query) {
  const made = element("span", "", { lang: language });
  const cuts = query.match(/[\u3007\u3400-\u9fff]{2,}|[^\s\u3000-\u9fff]+/gu) ?? [];
  const runs = [...query.split(/\s+/).filter((run) => run), ...cuts];
  const safe = runs.map((run) => run.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"));
  const any = safe.map((run) => (/^[\p{Script=Latin}\p{N}]/u.test(run) ? `(?<![\\p{Script=Latin}\\p{N}])${run}` : run));
  let at = 0;
  for (const hit of any.length ? text.matchAll(new RegExp(any.join("|"), "giu")) : []) {
    made.append(text.slice(at, hit.index), element("mark", hit[0]));
    at = hit.index + hit[0].length;
  }
  made.append(text.slice(at));
  return made;
}

function sides(one, query) {
  const made = element("div", "", { class: "titles sides" });
  made.append(marked(one.zh, "zh", query), marked(one.en, "en", query));
  return made;
}

async function sentence(number, query) {
  const one = await bead(number);
  const of = await pair(one.of);
  const made = element("li", "");
  const line = element("p", say("about_bead", {
    city: called(of.city), day: of.day ?? say("undated"), title: (LANGUAGE === "en" ? of.en : of.zh) || of.zh,
  }));
  line.append(" · ", turnTo(say("side_by_side"), { pair: one.of, bead: number }));
  made.append(sides(one, query), line);
  return made;
}

// Show what a source of numbers gives, a page at a time. A later request makes an earlier one fall
// silent. `total` is null where it is not known before the end.
function show(source, total, make, said) {
  const mine = ++turn;
  let shown = 0;
  $("list").replaceChildren();
  async function more() {
    const next = [];
    let ended = total === 0;
    while (next.length < STEP && !ended) {
      const { value, done } = await source.next();
      if (done) ended = true;
      else next.push(value);
    }
    const items = await Promise.all(next.map(make));
    if (mine !== turn) return;
    $("list").append(...items);
    if (shown) items[0]?.querySelector("a, span")?.focus();
    shown += next.length;
    ended ||= shown === total;
    const counts = { said: said(shown), shown: grouped(shown), total: grouped(total ?? 0) };
    const key = total === null ? (ended ? "all_shown" : "some") : "shown";
    $("status").textContent = shown ? say(key, counts) : counts.said;
    $("more").hidden = ended;
  }
  $("more").onclick = () => more().catch(failed);
  return more();
}

// One pair with both texts, bead by bead.
async function texts(number, chosen) {
  const mine = ++turn;
  const of = await pair(number);
  const all = await Promise.all(Array.from({ length: of.beads }, (_, at) => bead(of.first + at)));
  if (mine !== turn) return;
  const head = element("li", "", { class: "head" });
  const line = element("p", `${about(of)} · `);
  line.append(turnTo(say("back"), {}));
  head.append(titles(of), line);
  $("list").replaceChildren(head, ...all.map((one) => {
    const made = element("li", "", { class: "bead" });
    made.append(sides(one, ""));
    const notes = one.flags.map((flag) => say(flag));
    if (one.probability < 0.5) notes.unshift(say("note", { kind: one.kind, probability: rounded(one.probability) }));
    if (notes.length) made.append(element("p", notes.join(" · ")));
    if (one.number === chosen) made.setAttribute("aria-current", "true");
    return made;
  }));
  $("more").hidden = true;
  $("status").textContent = of.beads ? say("texts", { beads: of.beads }) : say("no_texts");
  ($("list").querySelector("[aria-current]") ?? $("status")).scrollIntoView({ block: "center" });
}

function failed(error) {
  $("status").textContent = say(words.unreadable ? "unreadable" : "The data of this page cannot be read ({name}).", { name: error.message });
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

const grouped = (count) => count.toLocaleString("en");
const monthName = (month) => (month === "undated" ? say(month) : month);

function fill(select, all, found, key, name, chosen) {
  const counts = new Map(chosen === "" ? [] : [[chosen, 0]]);
  for (const part of found) counts.set(part[key], (counts.get(part[key]) ?? 0) + part.numbers.length);
  const total = found.reduce((sum, part) => sum + part.numbers.length, 0);
  const options = [...counts].map(([value, count]) => [value, `${name(value)} (${grouped(count)})`]);
  if (key === "city") options.sort((a, b) => a[0] - b[0]);
  options.unshift(["", `${all} (${grouped(total)})`]);
  choose(select, options, chosen);
}

function choose(select, options, chosen) {
  select.replaceChildren(...options.map(([value, text]) => element("option", text, { value })));
  select.value = chosen;
}

const named = (value) => `${index.cities[value].en} ${index.cities[value].zh}`;

async function inTitles(query, asks, city, month) {
  const mine = ++turn;
  if (asks.length) $("status").textContent = say("searching");
  const found = parts(query ? (asks.length ? await search(asks, "search", index.shards) : []) : null);
  if (mine !== turn) return undefined;
  const here = found.filter((part) => city === "" || part.city === city);
  fill($("city"), say("all_cities"), found, "city", named, city);
  fill($("month"), say("all_months"), here, "month", monthName, month);
  const numbers = here.filter((part) => !month || part.month === month).flatMap((part) => part.numbers);
  const place = [...(city === "" ? [] : [called(index.cities[city])]), ...(month ? [monthName(month)] : [])];
  if (query && !asks.length) return show(numbers.values(), 0, item, () => say("too_short"));
  const said = query ? say(numbers.length ? "titles_with" : "no_title", { query }) : "";
  const shownAs = [...(said ? [said] : []), ...place].join(", ") || say("everything");
  return show(numbers.values(), numbers.length, item, () => shownAs);
}

function inSentences(query, asks, city) {
  const own = city === "" ? [] : [city];
  const cities = [...new Set([...index.beads.map((range) => range[0]), ...own])];
  choose($("city"), [["", say("all_cities")], ...cities.map((value) => [value, named(value)])], city);
  const place = city === "" ? "" : `, ${called(index.cities[city])}`;
  $("status").textContent = say("searching");
  if (query && !asks.length) return show([].values(), 0, item, () => say("too_short"));
  const said = (some) => (query ? say(some ? "sentences_with" : "no_sentence", { query }) : say("every_sentence"));
  return show(sentences(asks, city), null, (number) => sentence(number, query), (some) => said(some) + place);
}

// Answer what the address asks. The counts beside the cities and months are of what is found, so
// that no choice promises more than it shows.
async function answer() {
  answered = location.search;
  $("language").href = $("language").href.split("?")[0] + location.search;
  const asks = new URLSearchParams(location.search);
  const query = (asks.get("q") ?? "").trim();
  const inside = asks.get("in") === "sentences" ? "sentences" : "";
  const at = index.cities.findIndex((city) => city.key === asks.get("city"));
  const city = at < 0 ? "" : at;
  const month = index.files.some((file) => file.month === asks.get("month")) ? asks.get("month") : "";
  $("query").value = query;
  $("in").value = inside;
  $("month").parentElement.hidden = inside !== "";
  if (inside) return inSentences(query, cut(query), city);
  const chosen = /^[0-9]{1,9}$/.test(asks.get("pair") ?? "") ? Number(asks.get("pair")) : -1;
  if (chosen >= 0 && chosen < index.pairs) {
    fill($("city"), say("all_cities"), parts(null), "city", named, "");
    fill($("month"), say("all_months"), parts(null), "month", (value) => value, "");
    return texts(chosen, Number(asks.get("bead") ?? -1));
  }
  return inTitles(query, cut(query), city, month);
}

// Put what is chosen into the address, where it can be kept, sent and gone back to.
function go(address) {
  if (address !== location.search) {
    try {
      history.pushState(null, "", address || location.pathname);
    } catch { // some browsers forbid it to a page from the disk
      location.search = address;
      return undefined;
    }
  }
  return answer().catch(failed);
}

function ask() {
  const chosen = {
    q: $("query").value.trim(), in: $("in").value, city: index.cities[$("city").value]?.key,
    month: $("in").value ? "" : $("month").value,
  };
  const asks = new URLSearchParams(Object.entries(chosen).filter(([, value]) => value)).toString();
  go(asks ? `?${asks}` : "");
}

async function start() {
  words = (await read("words"))[LANGUAGE];
  const stored = await read("index");
  let first = 0;
  const files = stored.files.map(([city, month, part, count]) => {
    const file = { city, month, part, count, first };
    first += count;
    return file;
  });
  index = { ...stored, files, pairs: first };
  if (!files.length) {
    $("status").textContent = say("no_pairs");
    return;
  }
  for (const id of ["in", "city", "month"]) $(id).onchange = ask;
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
