// Keys, the list of them (`?`) and the command palette. The table stands in the page as JSON and is the server's: what the handbook shows
// is what works here. A key does what the visible element with the same `data-key` does, so a key never does what the screen does not offer.
"use strict";

(() => {
  const { one, all, base, text, announce, ask, isVisible, openMenus, closeMenu } = tresen;
  const table = JSON.parse(one("#keys-table")?.textContent || "[]");
  const app = one(".app");

  // ── Doing ──────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** The element a key stands for; in a toast before anything else, because that is the newest. */
  const target = (key) => {
    const seen = all(`[data-key="${CSS.escape(key)}"]`).filter(isVisible);
    return seen.find((element) => element.closest(".toast")) ?? seen[0];
  };

  function press(element) {
    if (element.matches("input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select")) return element.focus();
    // A menu takes the focus when its own summary had it; after a key the way back is then known, too.
    if (element.matches("summary")) element.focus({ preventScroll: true });
    element.click();
  }

  /** Keys that mean more than one element. Each returns whether it had anything to do. */
  const own = {
    j: (event) => tresen.move?.(1, event?.repeat),
    k: (event) => tresen.move?.(-1, event?.repeat),
    o: () => tresen.openCursor?.(),
    Enter: () => tresen.openCursor?.(),
    ".": () => tresen.showNew?.(),
    "?": () => openKeys(),
    "[": () => fold("list"),
    "]": () => fold("context"),
    u: () => tresen.undo?.(),
    r: () => one("#composer[data-kind=answer] #composer-text")?.focus(),
    n: () => one("#composer[data-kind=note] #composer-text")?.focus(),
    "/": () => openPalette(),
  };

  function run(key, event) {
    // A search field on the page itself is nearer than a link to the search.
    const search = key === "/" && all("input[type=search]").find(isVisible);
    // Folding knows more than the link that only opens.
    const element = search || ("[]".includes(key) ? undefined : target(key));
    if (element) press(element);
    else if (own[key]) own[key](event);
    else return false;
    return true;
  }

  const canRun = (key) => Boolean(target(key) || (own[key] && (!"jko.u".includes(key) || tresen.move) && !"rn".includes(key)));

  // ── Keys ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  let goUntil = 0;

  const isTyping = (element) => element.matches?.("input:not([type=checkbox], [type=radio], [type=button], [type=submit]), textarea, select, [contenteditable]");

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    const isCommand = (event.ctrlKey || event.metaKey) && !event.altKey;
    if (isCommand && !event.shiftKey && event.key.toLowerCase() === "k" && base && one("#palette")) {
      event.preventDefault();
      return one("#palette").open ? one("#palette").close() : openPalette();
    }
    if (isCommand && event.key === "Enter") {
      const form = event.target.closest?.("#composer, #log");
      if (!form || event.repeat) return;
      event.preventDefault();
      return form.requestSubmit(all("button:not([type=button])", form).find(isVisible));
    }
    if (event.key === "Escape") return escape(event);
    // Single keys: WCAG 2.1.4 wants them switchable, and a dialog or a menu has keys of its own.
    if (document.body.dataset.noShortcuts !== undefined || isTyping(event.target) || one("dialog[open]") || openMenus().some((menu) => menu.contains(event.target))) return;
    const key = tresen.keyIn(event);
    if (!key) return;
    if (key === "Enter") {
      // Enter on a control is the control's.
      if (!tresen.openCursor || event.target.closest("a, button, summary, input, [role=button], label")) return;
    } else if (Date.now() < goUntil) {
      goUntil = 0;
      const link = one(`[data-go="${CSS.escape(key)}"]`);
      if (link) {
        event.preventDefault();
        return link.click();
      }
    } else if (key === "g" && !target("g")) {
      goUntil = Date.now() + 1500;
      return;
    }
    // Only moving is held down; a held `e` must not resolve one conversation after the other.
    if (event.repeat && key !== "j" && key !== "k") return;
    if (run(key, event)) event.preventDefault();
  });

  function escape(event) {
    const dialog = one("dialog[open]");
    if (dialog) {
      // The browser would close it too, but a moment later: a key pressed right after would still meet the dialog.
      event.preventDefault();
      // A field that is gone keeps the keys until the next frame is drawn.
      document.activeElement.blur();
      return dialog.close();
    }
    const menu = openMenus().at(-1);
    if (menu) {
      event.preventDefault();
      return closeMenu(menu);
    }
    // The context as a drawer opens and closes by links, so that it works without script.
    const drawer = location.hash === "#kontext" && one("#kontext .drawer-close");
    if (drawer && isVisible(drawer)) {
      drawer.click();
      return all('a[href="#kontext"]').find(isVisible)?.focus();
    }
    // Out of the text, back to where single keys work.
    if (event.target.closest?.("#composer")) tresen.focusHeading?.();
  }

  // ── Folding ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  const FOLDS = "tresen-fold";
  const folded = new Set((localStorage.getItem(FOLDS) ?? "").split(" ").filter(Boolean));
  const showFolds = () => ["list", "context"].forEach((part) => app?.classList.toggle(`fold-${part}`, folded.has(part)));
  showFolds();

  function fold(part) {
    const drawer = part === "context" && all('a[href="#kontext"]').find(isVisible);
    if (drawer) return location.hash === "#kontext" ? one("#kontext .drawer-close")?.click() : drawer.click();
    if (!one(part === "list" ? ".pane-list" : ".pane-context")) return;
    if (!folded.delete(part)) folded.add(part);
    localStorage.setItem(FOLDS, [...folded].join(" "));
    showFolds();
    // What had the focus may be out of sight now.
    if (document.activeElement !== document.body && !isVisible(document.activeElement)) tresen.focusHeading?.();
  }

  // ── Dialogs ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  let before = null;

  /** A native dialog keeps the focus inside and gives Escape; giving it back is ours, since a swap may have replaced the element. */
  function openDialog(dialog) {
    if (dialog.open) return;
    openMenus().forEach((menu) => (menu.open = false));
    before = document.activeElement;
    dialog.showModal();
  }

  for (const dialog of all("dialog")) {
    dialog.addEventListener("close", () => {
      if (before?.isConnected && before !== document.body) before.focus({ preventScroll: true });
      before = null;
    });
    // Only the backdrop is the dialog itself; everything shown lies in its children.
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  }

  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-open=palette], [data-open=keys], [data-open=log]");
    if (!opener || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const wasOpened = opener.dataset.open === "keys" ? openKeys() : opener.dataset.open === "log" ? openLog(opener.href) : openPalette();
    // Without the dialog the link goes to the page of the same content.
    if (wasOpened) event.preventDefault();
  });

  /** "g i" and "j / k" as single keys to be drawn. */
  function drawKeys(keys) {
    return keys.split(" ").map((part) => {
      const kbd = document.createElement("kbd");
      kbd.className = "kbd";
      kbd.textContent = part;
      return kbd;
    });
  }

  function openKeys() {
    const dialog = one("#keys");
    if (!dialog || (!table.length && !one("dl", dialog))) return false;
    const place = one("[data-keys]", dialog);
    if (!place.childElementCount) {
      for (const [group, entries] of grouped(table)) {
        const section = document.createElement("section");
        const heading = document.createElement("h3");
        heading.textContent = group;
        const dl = document.createElement("dl");
        for (const entry of entries) {
          const line = document.createElement("div");
          const dt = document.createElement("dt");
          const dd = document.createElement("dd");
          dt.append(...drawKeys(entry.key));
          dd.textContent = entry.text;
          line.append(dt, dd);
          dl.append(line);
        }
        section.append(heading, dl);
        place.append(section);
      }
    }
    openDialog(dialog);
    return true;
  }

  function grouped(entries) {
    const groups = new Map();
    for (const entry of entries) groups.set(entry.group, [...(groups.get(entry.group) ?? []), entry]);
    return groups;
  }

  // ── A call, a letter, a visit, over the page one is on ─────────────────────────────────────────────────────────────────────────

  const log = one("#log-dialog");

  /** The form of the page of its own. What was begun is still there when the dialog opens again. */
  function openLog(href) {
    if (!log) return false;
    if (one("form", log)) openDialog(log);
    else ask(href).then((page) => putLog(page) && openDialog(log)).catch(() => tresen.say(text("offline"), { isError: true }));
    return true;
  }

  function putLog(page) {
    const form = page.doc.getElementById("log");
    if (!form) return tresen.complain(page);
    one("[data-log]", log).replaceChildren(form);
    return true;
  }

  log?.addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = event.target;
    const page = await tresen.post(form, event.submitter).catch(() => tresen.say(text("offline"), { isError: true }));
    if (!page) return;
    if (!page.ok || page.doc.getElementById("log")) return putLog(page) && one("[aria-invalid], .error", log)?.focus();
    form.remove();
    log.close();
    tresen.say(text("logged"), { href: tresen.withoutWords(page.url), look: text("look") });
  });
  log?.addEventListener("click", (event) => {
    if (!event.target.closest("[data-cancel]")) return;
    event.preventDefault();
    one("form", log).remove();
    log.close();
  });

  // ── Palette ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  const palette = one("#palette");
  const input = palette && one("input", palette);
  const box = palette && one("[role=listbox]", palette);
  let options = [];
  let active = 0;
  let found = [];
  let asking = null;
  let timer = 0;

  function openPalette() {
    if (!palette) return false;
    openDialog(palette);
    input.value = "";
    found = [];
    draw();
    return true;
  }

  /** Everything the palette can do now, in groups. */
  function choices(query) {
    const commands = table
      .filter((entry) => !entry.key.includes(" ") && canRun(entry.key))
      .map((entry) => ({ text: entry.text, keys: entry.key, do: () => run(entry.key) }));
    const places = all(".rail [data-go]").map((link) => ({ text: nameOf(link), keys: `g ${link.dataset.go}`, do: () => link.click() }));
    const match = (entries) => (query ? entries.filter((entry) => tresen.finds(entry.text, query)) : entries);
    const groups = [
      [text("commands"), match(commands)],
      [text("places"), match(places)],
    ];
    // Before what is found: nothing that can be chosen already moves when results come in.
    if (query) groups.push([text("search"), [{ text: text("searchFor", { query }), do: () => location.assign(`${base}/search?q=${encodeURIComponent(query)}`) }]]);
    groups.push([text("conversations"), found]);
    return groups.filter(([, entries]) => entries.length);
  }

  function nameOf(link) {
    const copy = (one(".rail-tip", link) ?? link).cloneNode(true);
    all(".kbd, .rail-count", copy).forEach((element) => element.remove());
    return copy.textContent.trim();
  }

  function draw() {
    const groups = choices(input.value.trim());
    options = [];
    box.replaceChildren(
      ...groups.map(([name, entries], number) => {
        const group = document.createElement("div");
        const title = document.createElement("div");
        group.role = "group";
        title.className = "menu-title";
        title.id = `palette-group-${number}`;
        title.textContent = name;
        group.setAttribute("aria-labelledby", title.id);
        group.append(title);
        for (const entry of entries) {
          const option = document.createElement("div");
          option.role = "option";
          option.className = "menu-item";
          option.id = `palette-${options.length}`;
          const label = document.createElement("bdi");
          label.className = "clip-1";
          label.textContent = entry.text;
          if (entry.icon) option.append(entry.icon);
          option.append(label);
          if (entry.aside) {
            const aside = document.createElement("span");
            aside.className = "menu-aside clip-1";
            aside.textContent = entry.aside;
            option.append(" ", aside);
          }
          if (entry.keys) {
            const keys = document.createElement("span");
            keys.className = "kbd";
            keys.ariaHidden = "true";
            keys.textContent = entry.keys;
            option.append(keys);
          }
          options.push({ option, entry });
          group.append(option);
        }
        return group;
      }),
    );
    activate(0);
  }

  function activate(number) {
    options[active]?.option.classList.remove("is-active");
    options.forEach(({ option }) => (option.ariaSelected = "false"));
    active = options.length ? (number + options.length) % options.length : 0;
    const chosen = options[active]?.option;
    chosen?.classList.add("is-active");
    if (chosen) chosen.ariaSelected = "true";
    chosen?.scrollIntoView({ block: "nearest" });
    if (chosen) input.setAttribute("aria-activedescendant", chosen.id);
    else input.removeAttribute("aria-activedescendant");
  }

  function choose({ entry }) {
    palette.close();
    entry.do();
  }

  async function look() {
    const query = input.value.trim();
    asking?.abort();
    if (query.length < 2) return;
    asking = new AbortController();
    const { signal } = asking;
    const page = await ask(`${base}/search?q=${encodeURIComponent(query)}&part=palette`, { part: true, signal }).catch(() => null);
    if (signal.aborted || !page?.ok || !palette.open) return;
    const words = (element) => element?.textContent.replace(/\s+/g, " ").trim() ?? "";
    found = all("a[href]", page.doc)
      .slice(0, 12)
      .map((link) => ({ icon: one("svg", link), text: words(one("bdi", link)), aside: words(one("span", link)), do: () => location.assign(link.getAttribute("href")) }));
    const chosen = options[active]?.entry.text;
    draw();
    // The choice stays where it was while results come in behind it.
    const at = options.findIndex(({ entry }) => entry.text === chosen);
    if (at > 0) activate(at);
    announce(text("results", { n: options.length }));
  }

  input?.addEventListener("input", () => {
    clearTimeout(timer);
    asking?.abort();
    found = [];
    draw();
    timer = setTimeout(look, 150);
  });
  input?.addEventListener("keydown", (event) => {
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (event.isComposing) return;
    if (steps[event.key]) activate(active + steps[event.key]);
    else if (event.key === "Enter" && options[active]) choose(options[active]);
    else return;
    event.preventDefault();
  });
  box?.addEventListener("click", (event) => {
    const hit = options.find(({ option }) => option.contains(event.target));
    if (hit) choose(hit);
  });
})();
