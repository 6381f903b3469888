// Tresen's own script: what every page has. Pages work without it; this makes them quick and live.
"use strict";

document.documentElement.classList.add("js");

(() => {
  const { body } = document;
  const one = (selector, root = document) => root.querySelector(selector);
  const all = (selector, root = document) => [...root.querySelectorAll(selector)];
  const base = body.dataset.base ?? "";

  /** A text of the page's language; they stand in templates/dialogs.html. */
  const text = (name, values = {}) => tresen.fill(one("#texts")?.dataset[name] ?? "", values);

  const isVisible = (element) => element.getClientRects().length > 0;

  /** For screen readers, politely. Emptied first: the same words twice are two messages. */
  const announce = (words) => {
    const live = one("#announce");
    if (!live) return;
    live.textContent = "";
    setTimeout(() => (live.textContent = words), 50);
  };

  // ── Asking the server ──────────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Fetches a page or, with `part`, the fragment of it. Resolves to { ok, status, url, doc, headers } whatever the status is; rejects
   * only when there is no answer at all. A lost session leads to the log-in page and back.
   */
  async function ask(url, { part = false, ...options } = {}) {
    const headers = new Headers(options.headers);
    if (part) headers.set("HX-Request", "true");
    const response = await fetch(url, { ...options, headers });
    const end = new URL(response.url);
    if (response.status === 401 || (response.redirected && end.pathname === "/login")) {
      location.assign(`/login?next=${encodeURIComponent(location.pathname + location.search)}`);
      return new Promise(() => {});
    }
    const html = response.status === 204 ? "" : await response.text();
    return { ok: response.ok, status: response.status, url: end, headers: response.headers, doc: new DOMParser().parseFromString(html, "text/html") };
  }

  /** Posts a form as the browser would. The form is marked busy meanwhile; `undefined` when it already was. */
  async function post(form, submitter) {
    if (form.ariaBusy === "true") return undefined;
    const data = new FormData(form, submitter);
    const url = submitter?.getAttribute("formaction") || form.getAttribute("action") || location.href;
    setBusy(form, true);
    try {
      return await ask(url, { method: "POST", body: form.enctype === "multipart/form-data" ? data : new URLSearchParams(data) });
    } finally {
      setBusy(form, false);
    }
  }

  /** aria-disabled and not disabled: a disabled button would lose the focus. */
  function setBusy(form, isBusy) {
    form.ariaBusy = isBusy ? "true" : null;
    for (const button of form.querySelectorAll("button:not([type=button])")) button.ariaDisabled = isBusy ? "true" : null;
  }

  /** What an answer without the expected part says: the fault page's own words, else a general sentence. */
  function complain(page) {
    const heading = page && one("h1", page.doc);
    const words = [heading, heading?.parentElement.querySelector("h1 ~ p")].filter(Boolean).map((element) => element.textContent.trim());
    say(words.length ? words.join(": ") : text("failed"), { isError: true });
  }

  // Any form that is sent the ordinary way is sent once.
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.ariaBusy === "true") return event.preventDefault();
    if (new URL(form.getAttribute("action") || location.href, location.href).pathname === "/logout") forgetDrafts();
    // Later listeners may take the form over and send it themselves (inbox.js, htmx); they look after it then.
    setTimeout(() => event.defaultPrevented || setBusy(form, true));
  });
  addEventListener("pageshow", (event) => event.persisted && all("form[aria-busy]").forEach((form) => setBusy(form, false)));

  /** Unsent texts kept on this device belong to the person, not to whoever signs in next. */
  function forgetDrafts() {
    for (const key of Object.keys(localStorage)) if (key.startsWith("tresen-draft:")) localStorage.removeItem(key);
  }

  // ── Toasts ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Counts a toast down and takes it away; held while pointed at, focused or out of sight. Errors stay until they are closed. */
  function arm(toast) {
    if (toast.dataset.armed) return;
    toast.dataset.armed = "1";
    if (toast.classList.contains("toast-error")) {
      if (one("[data-close]", toast)) return;
      const close = document.createElement("button");
      close.type = "button";
      close.dataset.close = "";
      close.textContent = text("close");
      toast.append(close);
      return;
    }
    let left = Number(toast.dataset.seconds) || 10;
    const form = one("form", toast);
    let clock;
    if (form) {
      clock = document.createElement("span");
      clock.className = "toast-time";
      // Read aloud every second it would drown everything else.
      clock.ariaHidden = "true";
      clock.textContent = `${left} s`;
      form.before(clock);
    }
    const timer = setInterval(() => {
      if (!toast.isConnected) return clearInterval(timer);
      if (toast.matches(":hover, :focus-within") || document.hidden) return;
      left -= 1;
      if (clock) clock.textContent = `${left} s`;
      if (left <= 0) toast.remove();
    }, 1000);
  }

  function show(toast, seconds) {
    if (seconds) toast.dataset.seconds = seconds;
    // One message at a time; an error is not pushed out by a success.
    all("#toasts .toast:not(.toast-error)").forEach((old) => old.remove());
    one("#toasts")?.append(toast);
    arm(toast);
  }

  function say(words, { isError = false, href = "", look = "" } = {}) {
    const toast = document.createElement("div");
    toast.className = isError ? "toast toast-error" : "toast";
    const span = document.createElement("span");
    span.textContent = words;
    toast.append(span);
    if (href) {
      const link = document.createElement("a");
      link.href = href;
      link.textContent = look;
      toast.append(link);
    }
    show(toast);
  }

  /** The seconds a page's toast may be undone: what was sent to a network only as long as it has not left. */
  const secondsIn = (url) => (url.searchParams.has("take_back") ? 5 : 10);

  /** The address without what was only meant to be said once: a reload does not say it again. */
  function withoutWords(url) {
    const plain = new URL(url);
    for (const name of ["said", "undo", "take_back"]) plain.searchParams.delete(name);
    return plain.pathname + plain.search + plain.hash;
  }

  document.addEventListener("click", (event) => event.target.closest(".toast [data-close]")?.closest(".toast").remove());
  const here = new URL(location.href);
  for (const toast of all("#toasts .toast")) {
    toast.dataset.seconds ??= secondsIn(here);
    arm(toast);
  }
  if (here.searchParams.has("said")) history.replaceState(history.state, "", withoutWords(here));

  // The chosen files by name, in the page's own words instead of the browser's.
  document.addEventListener("change", (event) => {
    const pick = event.target.closest(".file-pick");
    const chosen = pick && one("[data-chosen]", pick.parentElement);
    if (chosen) chosen.textContent = [...event.target.files].map((file) => file.name).join(", ");
  });

  // ── Menus: details.drop ────────────────────────────────────────────────────────────────────────────────────────────────────────

  const MENU = "details.drop, details[data-menu], details.rail-switch";
  const openMenus = () => all(MENU).filter((menu) => menu.open);
  const inMenu = "input:not([type=hidden]), select, textarea, button, a[href], [role^=menuitem]";

  /** Closes a menu; the focus returns to what opened it, if it was inside. */
  function closeMenu(menu) {
    const hadFocus = menu.contains(document.activeElement);
    menu.open = false;
    if (hadFocus) one("summary", menu).focus({ preventScroll: true });
  }

  // `toggle` does not bubble: caught on its way down.
  document.addEventListener(
    "toggle",
    (event) => {
      const menu = event.target;
      if (!menu.matches?.(MENU) || !menu.open) return;
      for (const other of openMenus()) if (other !== menu && !other.contains(menu)) other.open = false;
      if (!one("summary", menu).matches(":focus")) return;
      all(inMenu, menu).find((element) => isVisible(element) && element.closest("summary") === null)?.focus({ preventScroll: true });
    },
    true,
  );
  document.addEventListener("click", (event) => {
    for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
  });
  document.addEventListener("focusout", (event) => {
    const menu = event.target.closest?.(MENU);
    if (menu?.open && event.relatedTarget && !menu.contains(event.relatedTarget)) menu.open = false;
  });
  document.addEventListener("keydown", (event) => {
    const menu = event.target.closest?.(MENU);
    if (!menu?.open || (event.key !== "ArrowDown" && event.key !== "ArrowUp") || event.target.matches("textarea, select, input[type=date], input[type=datetime-local]")) return;
    const items = all(inMenu, menu).filter((element) => isVisible(element) && element.closest("summary") === null);
    const step = event.key === "ArrowDown" ? 1 : -1;
    const next = items[(items.indexOf(event.target) + step + items.length) % items.length];
    // Radio buttons have arrows of their own.
    if (!next || event.target.type === "radio") return;
    event.preventDefault();
    next.focus();
  });

  // On a phone the settings' pages stand in a bar: the one that is shown lies where it can be seen.
  one(".nav-side [aria-current]")?.scrollIntoView({ inline: "center", block: "nearest" });

  // ── Live ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /**
   * Hands every event the page waits for to it as `tresen:event`. One tab holds a topic's stream and tells the others, because HTTP/1.1
   * allows six connections to a host and ten open tabs would starve each other. Without Web Locks (plain http) each tab has its own.
   */
  function listen(address) {
    const { searchParams } = new URL(address, location.href);
    let last = searchParams.get("after") ?? "";
    const hear = (id, detail) => {
      // A tab that was just opened may know more than the tab that tells it. Where ids have no order, twice does no harm.
      if (id && !tresen.isLater(id, last)) return;
      if (id) last = id;
      document.dispatchEvent(new CustomEvent("tresen:event", { detail }));
    };
    const name = `tresen-live-${base}-${body.dataset.user}-${searchParams.get("for")}`;
    const channel = "BroadcastChannel" in window && navigator.locks ? new BroadcastChannel(name) : null;
    const tell = (isLive) => document.dispatchEvent(new CustomEvent("tresen:live", { detail: isLive }));
    const tellAll = (isLive) => {
      channel?.postMessage({ isLive });
      tell(isLive);
    };

    const lead = () => {
      const told = [];
      let pause = 2000;
      const open = () => {
        const url = new URL(address, location.href);
        if (last) url.searchParams.set("after", last);
        // A connection that breaks is taken up again by the browser, with Last-Event-ID.
        const source = new EventSource(url);
        source.onopen = () => {
          pause = 2000;
          tellAll(true);
        };
        source.onmessage = (message) => {
          const entry = { id: message.lastEventId, detail: JSON.parse(message.data) };
          told.push(entry);
          if (told.length > 300) told.shift();
          channel?.postMessage(entry);
          hear(entry.id, entry.detail);
        };
        source.onerror = () => {
          tellAll(false);
          // Closed means: refused (a restart behind a proxy answers 502), and the browser gives up. We do not.
          if (source.readyState !== EventSource.CLOSED) return;
          setTimeout(open, pause + Math.random() * 1000);
          pause = Math.min(pause * 2, 60_000);
        };
      };
      open();
      if (!channel) return;
      channel.onmessage = ({ data }) => {
        if (data.isLive !== undefined) return tell(data.isLive);
        if (data.hello === undefined) return hear(data.id, data.detail);
        // What happened between a new tab's page and its first listening; the others know it and drop it.
        for (const entry of told) if (tresen.isLater(entry.id, data.hello)) channel.postMessage(entry);
      };
    };
    if (!channel) return lead();
    channel.onmessage = ({ data }) => (data.isLive !== undefined ? tell(data.isLive) : data.hello === undefined && hear(data.id, data.detail));
    channel.postMessage({ hello: last });
    // Held until the tab closes; then the next one in the queue leads on from the last event it heard.
    navigator.locks.request(name, () => new Promise(lead));
  }
  // Only a page that shows something live takes one of the few connections.
  if (body.dataset.live && "EventSource" in window && one("#list, [data-live-src]")) listen(body.dataset.live);

  // Parts that fetch themselves anew: [data-live-kind][data-live-src], optionally [data-live-subject].
  const fetchers = new Map();
  document.addEventListener("tresen:event", ({ detail }) => {
    for (const element of all("[data-live-kind][data-live-src]")) {
      const { liveKind, liveSubject, liveSrc } = element.dataset;
      if (!liveKind.split(" ").includes(detail.kind) || (liveSubject && liveSubject !== String(detail.subject))) continue;
      if (!fetchers.has(liveSrc)) fetchers.set(liveSrc, tresen.throttle(() => refetch(liveSrc), 1000));
      fetchers.get(liveSrc)();
    }
  });

  async function refetch(src) {
    const page = await ask(src, { part: true }).catch(() => null);
    if (!page?.ok) return;
    for (const element of all("[data-live-src]").filter((candidate) => candidate.dataset.liveSrc === src)) {
      const fresh = element.id ? page.doc.getElementById(element.id) : page.doc.body.firstElementChild;
      if (!fresh || tresen.same(element, fresh)) continue;
      const focused = element.contains(document.activeElement) ? document.activeElement.id : "";
      element.replaceWith(fresh);
      window.htmx?.process(fresh);
      if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
    }
  }

  Object.assign(tresen, { one, all, base, text, isVisible, announce, ask, post, setBusy, complain, show, say, secondsIn, withoutWords, openMenus, closeMenu });
})();
