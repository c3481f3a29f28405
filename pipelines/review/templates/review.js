"use strict";
(() => {
  const item = document.getElementById("item");
  const letters = document.getElementById("letters");
  const dialog = document.getElementById("keys");
  if (!item) return;
  // Pages come from our own server, which escapes what it quotes; nothing else may become markup.
  const trusted = window.trustedTypes?.createPolicy("shizheng", { createHTML: (text) => text });
  const said = document.getElementById("said");
  const trouble = document.getElementById("trouble");
  let busy = false;

  // Time on the item: while the page is seen, of a pause without a sign of its reader a minute.
  const PAUSE = 60_000;
  let spent = 0;
  let last = performance.now();
  let seen = document.visibilityState === "visible";
  const tick = () => {
    const now = performance.now();
    if (seen) spent += Math.min(now - last, PAUSE);
    last = now;
  };
  for (const sign of ["pointermove", "pointerdown", "keydown", "scroll"]) {
    addEventListener(sign, tick, { passive: true, capture: true });
  }
  document.addEventListener("visibilitychange", () => {
    tick();
    seen = document.visibilityState === "visible";
  });

  const task = () => item.querySelector(".task");
  const show = (html, push) => {
    const before = task()?.dataset.place;
    item.innerHTML = trusted ? trusted.createHTML(html) : html;
    const { address, said: words } = task().dataset;
    if (push && address) history.pushState(null, "", address);
    if (task().dataset.place !== before) spent = 0;
    said.textContent = words;
    trouble.textContent = "";
    const heading = item.querySelector("h1");
    heading.focus({ preventScroll: true });
    arrive();
    document.title = `${heading.textContent} · shizheng`;
    fold();
  };
  const arrive = () => {
    const target = item.querySelector(".target");
    if (target) target.scrollIntoView({ block: "center", behavior: "instant" });
    else scrollTo({ top: 0, behavior: "instant" });
  };
  const ask = async (address, options, then) => {
    // One at a time: a verdict is stored before the next item is there to be judged.
    if (busy) return;
    busy = true;
    item.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(address, {
        ...options,
        headers: { "X-Fragment": "1" },
        credentials: "same-origin",
      });
      const text = await answer.text();
      if (answer.ok) {
        // A flag and an undo are no verdicts: the time goes on.
        if (options.body && !["flag", "undo"].includes(options.body.get("do"))) spent = 0;
        then(text);
      }
      else trouble.textContent = text.slice(0, 500);
    } catch {
      trouble.textContent =
        document.documentElement.lang === "en"
          ? "Not stored: the server does not answer. Start shizheng review again; what was stored before is safe."
          : "未保存：服务器没有响应。请重新启动 shizheng review；此前的判定均已保存。";
    } finally {
      busy = false;
      item.removeAttribute("aria-busy");
    }
  };
  const body = (form, button) => {
    const data = new URLSearchParams(new FormData(form));
    tick();
    data.append("seconds", (spent / 1000).toFixed(1));
    if (button?.name) data.append(button.name, button.value);
    return data;
  };

  // Beads: the one that has the focus carries the buttons.
  const bar = () => item.querySelector("#beadbar");
  const chosen = () => item.querySelector(".bead.chosen");
  const choose = (bead) => {
    const tools = bar();
    if (!tools) return;
    chosen()?.classList.remove("chosen");
    tools.hidden = !bead;
    if (!bead) return;
    for (const other of item.querySelectorAll(".bead[tabindex]")) other.tabIndex = -1;
    bead.tabIndex = 0;
    bead.classList.add("chosen");
    bead.append(tools);
    tools.elements.position.value = bead.dataset.position;
    const edit = tools.querySelector("[data-edit]");
    edit.href = edit.dataset.edit + bead.dataset.position;
  };
  const step = (by) => {
    const beads = [...item.querySelectorAll(".bead[tabindex]")];
    if (!beads.length) return;
    const at = beads.indexOf(chosen());
    const next = beads[at < 0 ? 0 : at + by];
    if (!next) {
      choose(null);
      item.querySelector("h1").focus({ preventScroll: true });
      return;
    }
    choose(next);
    next.focus({ preventScroll: true });
    next.scrollIntoView({ block: "center", behavior: "instant" });
  };

  // Long texts are folded to some lines; each can be unfolded, or all at once.
  const fold = (open) => {
    for (const cell of item.querySelectorAll(".cell.long")) {
      const unfolded = open ?? cell.classList.contains("open");
      cell.classList.toggle("open", unfolded);
      let button = cell.querySelector(".unfold");
      if (!button) {
        button = document.createElement("button");
        button.type = "button";
        button.className = "unfold";
        cell.append(button);
      }
      const en = document.documentElement.lang === "en";
      button.lang = document.documentElement.lang;
      button.textContent = unfolded ? (en ? "Fold" : "折叠") : en ? "Unfold" : "展开";
      button.setAttribute("aria-expanded", String(unfolded));
    }
  };

  item.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post") return;
    event.preventDefault();
    const options = { method: "POST", body: body(form, event.submitter) };
    if (form.id !== "beadbar") {
      ask(form.action, options, (html) => show(html, true));
      return;
    }
    const bead = form.closest(".bead");
    const button = event.submitter;
    ask(form.action, options, (text) => {
      bead.querySelector(".mine").textContent = button.textContent.replace(/^\s*\S+\s+/, "").trim();
      for (const undo of item.querySelectorAll("[data-key=u]")) undo.disabled = false;
      said.textContent = text;
      trouble.textContent = "";
      step(1);
    });
  });
  item.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-swap]");
    if (link && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      ask(link.href, {}, (html) => show(html, true));
      return;
    }
    if (event.target.closest("[data-open=keys]")) dialog.showModal();
    const unfold = event.target.closest(".unfold");
    if (unfold) {
      unfold.parentElement.classList.toggle("open");
      fold();
      return;
    }
    const bead = event.target.closest(".bead[tabindex]");
    if (bead && !event.target.closest("button, a")) choose(bead);
  });
  item.addEventListener("focusin", (event) => {
    if (event.target.matches(".bead[tabindex]")) choose(event.target);
  });
  addEventListener("popstate", () => ask(location.href, {}, (html) => show(html, false)));

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing) return;
    const typing = event.target.closest("textarea, select, input:not([type=checkbox]):not([type=radio])");
    if (event.key === "Escape") {
      if (typing) typing.blur();
      else if (!dialog?.open) choose(null);
      return;
    }
    if (typing || (letters && !letters.checked && event.key.length === 1)) return;
    if (event.key === "?") {
      event.preventDefault();
      if (dialog?.open) dialog.close();
      else dialog?.showModal();
      return;
    }
    if (dialog?.open) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (!bar()) return;
      event.preventDefault();
      step(event.key === "ArrowDown" ? 1 : -1);
      return;
    }
    const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
    if (key === "f") {
      const cells = [...item.querySelectorAll(".cell.long")];
      fold(cells.some((cell) => !cell.classList.contains("open")));
      return;
    }
    if (key === "t" || key === "/") {
      const field = item.querySelector(key === "t" ? "textarea[name=note]" : "input[type=search]");
      if (!field) return;
      event.preventDefault();
      field.focus();
      return;
    }
    const tools = bar();
    const inBead = chosen() && tools && [...tools.querySelectorAll("[data-key]")].find((one) => one.dataset.key === key);
    const target = inBead || [...item.querySelectorAll("[data-key]")].find(
      (one) => one.dataset.key === key && !one.closest("[hidden]") && !one.closest("#beadbar"),
    );
    if (!target || target.disabled) return;
    event.preventDefault();
    target.click();
  });

  if (letters) {
    try {
      letters.checked = localStorage.getItem("shizheng-letters") !== "off";
      letters.addEventListener("change", () => {
        localStorage.setItem("shizheng-letters", letters.checked ? "on" : "off");
      });
    } catch {
      // Without storage the choice lasts as long as the page.
    }
  }
  document.addEventListener("pointerover", (event) => {
    const mark = event.target.closest?.("mark[data-g]");
    for (const lit of document.querySelectorAll("mark.lit")) lit.classList.remove("lit");
    if (!mark) return;
    for (const same of item.querySelectorAll(`mark[data-g="${CSS.escape(mark.dataset.g)}"]`)) {
      same.classList.add("lit");
    }
  });
  fold();
  if (item.querySelector(".target")) arrive();
})();
