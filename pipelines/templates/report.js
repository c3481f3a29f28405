
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
        (!wanted || titles.join("\n").toLowerCase().includes(wanted));
      pair.hidden = !fits;
      shown += fits;
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
  speak((stored() || navigator.language || "").startsWith("zh"));

  for (const link of document.querySelectorAll("a[data-band], a[data-doubt]")) {
    link.addEventListener("click", () => {
      form.reset();
      for (const name of ["band", "doubt"]) {
        if (link.dataset[name] !== undefined) form.elements[name].value = link.dataset[name];
      }
      filter();
    });
  }
  for (const button of document.querySelectorAll("[data-open]")) {
    button.addEventListener("click", () => {
      for (const pair of pairs) {
        if (!pair.hidden) pair.querySelector("details").open = Boolean(button.dataset.open);
      }
    });
  }
  const reveal = () => {
    const pair = location.hash.startsWith("#pair-") && document.getElementById(location.hash.slice(1));
    if (!pair) return;
    pair.hidden = false;
    pair.querySelector("details").open = true;
    pair.scrollIntoView({ behavior: "instant" });
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
