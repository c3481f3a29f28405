
"use strict";
(() => {
  const page = document.documentElement;
  const form = document.querySelector(".filter");
  const pairs = [...document.querySelectorAll(".pair")];
  const stored = (value) => {
    // Some browsers forbid storage to pages opened from a file: the choice then lasts for the visit.
    try {
      if (value) localStorage.setItem("shizheng-ui", value);
      return localStorage.getItem("shizheng-ui");
    } catch {
      return null;
    }
  };

  const english = document.getElementById("ui-en");
  const chinese = document.getElementById("ui-zh");
  const speak = (zh) => {
    (zh ? chinese : english).checked = true;
    page.lang = zh ? "zh-Hans" : "en";
    filter();
    tell();
  };
  const filter = () => {
    if (!form) return;
    const at = (name) => form.elements[name].value;
    const wanted = at("words").trim().toLowerCase();
    let shown = 0;
    for (const pair of pairs) {
      const data = pair.dataset;
      const titles = [...pair.querySelectorAll(".two h3")].map((title) => title.textContent);
      const fits =
        ["city", "band", "relation"].every((name) => !at(name) || data[name] === at(name)) &&
        (!at("doubt") || data.doubt.split(" ").includes(at("doubt"))) &&
        (!at("trait") || data.traits.split(" ").includes(at("trait"))) &&
        (!wanted || titles.join("\n").toLowerCase().includes(wanted));
      pair.hidden = !fits;
      shown += fits;
    }
    // The sentences that a filter is about are opened and marked.
    const sentences = /^(bead|flag)=/.test(at("trait"));
    for (const bead of document.querySelectorAll(".bead.sought")) bead.classList.remove("sought");
    if (sentences) {
      for (const bead of document.querySelectorAll(".pair:not([hidden]) .bead")) {
        if (!bead.dataset.traits.split(" ").includes(at("trait"))) continue;
        bead.classList.add("sought");
        bead.closest("details").open = true;
      }
    }
    form.elements.shown.value = chinese.checked
      ? `显示 ${shown} / ${pairs.length} 对`
      : `${shown} of ${pairs.length} shown`;
  };

  for (const input of [english, chinese]) {
    input.addEventListener("change", () => {
      stored(chinese.checked ? "zh" : "en");
      speak(chinese.checked);
    });
  }
  if (form) {
    form.hidden = false;
    form.addEventListener("input", filter);
    form.addEventListener("submit", (event) => event.preventDefault());
    form.addEventListener("reset", () => setTimeout(filter));
  }
  for (const link of document.querySelectorAll("a[data-show]")) {
    link.addEventListener("click", () => {
      form.reset();
      for (const [name, value] of new URLSearchParams(link.dataset.show)) {
        const own = form.elements[name];
        if (own) own.value = value;
        else form.elements.trait.value = `${name}=${value}`;
      }
      filter();
    });
  }

  const threshold = document.getElementById("threshold");
  const tell = () => {
    if (!threshold) return;
    const at = Number(threshold.value);
    const reached = Number(threshold.dataset.reached.split(" ")[at]);
    const expected = Number(threshold.dataset.expected.split(" ")[at]);
    const p = (at / 100).toFixed(2);
    const count = reached.toLocaleString("en");
    const share = `${(100 * expected).toFixed(expected > 0.99 ? 1 : 0)} %`;
    threshold.setAttribute("aria-valuetext", `${p}: ${count}`);
    threshold.nextElementSibling.value = chinese.checked
      ? `≥ ${p}：${count} 对${reached ? `，模型自估 ${share} 正确` : ""}`
      : `≥ ${p}: ${count} pairs${reached ? `, of which the model expects ${share} to be right` : ""}`;
  };
  if (threshold) {
    threshold.parentElement.hidden = false;
    threshold.addEventListener("input", tell);
  }
  speak((stored() || navigator.language || "").startsWith("zh"));

  for (const button of document.querySelectorAll("[data-open]")) {
    button.addEventListener("click", () => {
      for (const pair of pairs) {
        if (!pair.hidden) pair.querySelector("details").open = Boolean(button.dataset.open);
      }
    });
  }
  const reveal = () => {
    const sought = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    const folded = sought?.matches("details") ? sought : sought?.querySelector(":scope > details");
    if (!folded) return;
    sought.hidden = false;
    folded.open = true;
    sought.scrollIntoView({ behavior: "instant" });
  };
  addEventListener("hashchange", reveal);
  // Again once everything is laid out: the browser's own jump to the fragment may come in between.
  addEventListener("load", reveal);
  reveal();

  const light = (event) => {
    const mark = event.target.closest?.("mark[data-g]");
    for (const lit of document.querySelectorAll("mark.lit")) lit.classList.remove("lit");
    if (!mark) return;
    for (const same of mark.closest(".pair").querySelectorAll(`mark[data-g="${mark.dataset.g}"]`)) {
      same.classList.add("lit");
    }
  };
  document.addEventListener("pointerover", light);

  document.addEventListener("keydown", (event) => {
    const bead = event.target.closest?.(".bead");
    const step = { ArrowDown: "nextElementSibling", ArrowUp: "previousElementSibling" }[event.key];
    if (!bead || !step || !bead[step]) return;
    event.preventDefault();
    bead.tabIndex = -1;
    bead[step].tabIndex = 0;
    bead[step].focus();
  });
})();
