// The inbox: opening conversations without loading a page, the list that keeps still, drafts that survive, sending once.
"use strict";

(() => {
  const { one, all, base, text, announce, ask, post, setBusy, complain, say, show, withoutWords, secondsIn } = tresen;
  const list = one("#list");
  const work = () => one("#work");
  if (!list || !base) return;

  const app = one(".app");
  /** List and conversation side by side; below it is one column at a time (components.css). */
  const isWide = matchMedia("(min-width: 720px)");
  const openId = () => work()?.dataset.conversation ?? "";
  const rows = () => all(".row[data-id]", list);
  const row = (id) => document.getElementById(`c-${id}`);
  const link = (item) => item && one('a[data-open=""]', item);
  const scrollerOf = (element) => element.closest(".pane-body") ?? element;

  // ── Opening ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Conversations fetched ahead. Ten seconds, and gone with the first event about them: never an old state for the sake of speed. */
  const ahead = new Map();
  const FRESH = 10_000;

  function fetchAhead(id, href) {
    const known = ahead.get(id);
    if (known && performance.now() - known.at < FRESH) return;
    // The header keeps looking ahead from counting as having read.
    const page = ask(href, { part: true, headers: { "x-prefetch": "1" } });
    page.catch(() => ahead.delete(id));
    ahead.set(id, { at: performance.now(), page });
    if (ahead.size > 20) ahead.delete(ahead.keys().next().value);
  }

  const fetchRowAhead = (item) => item && item.dataset.id !== openId() && fetchAhead(item.dataset.id, link(item).href);

  /** A page is used once: its nodes move into ours. */
  async function take(id, href) {
    const known = ahead.get(id);
    ahead.delete(id);
    const isKnown = known && performance.now() - known.at < FRESH;
    return isKnown ? { page: await known.page, wasAhead: true } : { page: await ask(href, { part: true }), wasAhead: false };
  }

  let turn = 0;

  /** Shows a conversation. `keyboard`: the focus goes to its heading; with the mouse it stays on the row. */
  async function open(href, { push = true, replace = false, keyboard = false, compose = false } = {}) {
    const url = new URL(href, location.href);
    const id = tresen.conversationIn(url.pathname, base);
    const mine = ++turn;
    select(id);
    let taken;
    try {
      const [result] = await Promise.all([take(id, url.href), saveDraft()]);
      taken = result;
    } catch {
      // The browser's own page says it best, and its reload button works.
      return mine === turn && location.assign(url.href);
    }
    if (mine !== turn) return;
    const fresh = taken.page.ok && taken.page.doc.getElementById("work");
    if (!fresh) return location.assign(url.href);
    if (push && url.href !== location.href) history[replace ? "replaceState" : "pushState"]({ tresen: true }, "", url.href);
    swap(fresh, taken.page.doc.title);
    app.dataset.view = "thread";
    markRead(id);
    // Shown from what was fetched ahead: only now it has been read, as it stood then.
    ping({ seen: taken.wasAhead ? one("#work").dataset.seen : "" });
    if (compose) one("#composer-text")?.focus();
    else if (keyboard || !isWide.matches) focusHeading();
    const next = row(id)?.nextElementSibling;
    if (next?.matches(".row[data-id]")) setTimeout(() => mine === turn && fetchRowAhead(next), 150);
  }

  function swap(fresh, title) {
    const old = work();
    const had = old.contains(document.activeElement) ? document.activeElement : null;
    const wasKey = had?.dataset.key;
    old.replaceWith(fresh);
    markMain();
    window.htmx?.process(fresh);
    const heading = one("h1, h2", fresh)?.textContent.trim();
    document.title = title || (heading ? `${heading} – Tresen` : document.title);
    // The button that was pressed is gone with its conversation: its twin, else the heading.
    if (had) {
      const twin = wasKey && one(`[data-key="${CSS.escape(wasKey)}"]`, fresh);
      if (twin && tresen.isVisible(twin)) twin.focus({ preventScroll: true });
      else focusHeading();
    }
    restoreDraft();
  }

  /** The page's main part is the conversation, or the list while none is open; one of the two is there on every width. */
  function markMain() {
    const isOpen = Boolean(one("main", work()));
    list.role = isOpen ? "region" : "main";
    const body = one(".pane-body", list);
    if (isOpen) body.removeAttribute("id");
    else body.id = "content";
  }

  function focusHeading() {
    const heading = one("h1, h2", work()) ?? one("#content");
    if (!heading) return;
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
  }

  function select(id) {
    for (const item of rows()) {
      const isSelected = item.dataset.id === id;
      item.classList.toggle("row-selected", isSelected);
      item.ariaCurrent = isSelected ? "true" : null;
    }
    row(id)?.scrollIntoView({ block: "nearest" });
  }

  function markRead(id) {
    const item = row(id);
    item?.classList.remove("row-unread");
    item && one(".row-dot", item)?.remove();
  }

  document.addEventListener("click", (event) => {
    if (event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    const anchor = event.target.closest("a[href]");
    if (!anchor || anchor.target || anchor.hasAttribute("download")) return;
    // Enter on a link is a click that no button was pressed for.
    const keyboard = event.detail === 0;
    if (list.contains(anchor) && anchor.matches('a[data-open=""]')) {
      event.preventDefault();
      return open(anchor.href, { keyboard });
    }
    // Links of the conversation to itself: answer or note.
    const url = new URL(anchor.href);
    const isHere = work()?.contains(anchor) && openId() && url.origin === location.origin && tresen.conversationIn(url.pathname, base) === openId();
    if (isHere && !url.hash) {
      event.preventDefault();
      if (anchor.dataset.compose && anchor.dataset.compose === composer()?.dataset.kind) return field()?.focus();
      open(anchor.href, { replace: true, keyboard, compose: true });
    }
  });

  let hover = 0;
  list.addEventListener("pointerover", (event) => {
    clearTimeout(hover);
    const item = event.target.closest(".row[data-id]");
    // Not every row the pointer crosses on its way.
    if (item) hover = setTimeout(() => fetchRowAhead(item), 65);
  });
  list.addEventListener("focusin", (event) => fetchRowAhead(event.target.closest(".row[data-id]")));

  // Back and forward. A jump inside the page (#kontext) comes here too and is none of ours.
  let shownPath = location.pathname + location.search;
  const notePath = () => (shownPath = location.pathname + location.search);
  for (const name of ["pushState", "replaceState"]) {
    const original = history[name].bind(history);
    history[name] = (...args) => {
      original(...args);
      notePath();
    };
  }
  addEventListener("popstate", async () => {
    if (location.pathname + location.search === shownPath) return;
    notePath();
    if (tresen.conversationIn(location.pathname, base)) return open(location.href, { push: false });
    turn += 1;
    await saveDraft().catch(() => {});
    const page = await ask(location.href).catch(() => null);
    if (!page?.ok || !land(page, { push: false })) location.reload();
  });

  /** The rows by key. Wide screens show at once; held down it only passes over them. */
  let passing = 0;
  function move(step, isHeldDown) {
    const items = rows();
    if (!items.length) return;
    const cursor = items.find((item) => item.contains(document.activeElement)) ?? items.find((item) => item.matches(".row-selected"));
    const at = cursor ? items.indexOf(cursor) + step : step > 0 ? 0 : items.length - 1;
    const next = items[Math.min(Math.max(at, 0), items.length - 1)];
    if (!isWide.matches) {
      if (app.dataset.view === "list") return link(next).focus();
      return next === cursor ? undefined : open(link(next).href, { keyboard: true });
    }
    if (next.dataset.id === openId() && next === cursor) return;
    clearTimeout(passing);
    // The row keeps no focus: the cursor is the selection from here on.
    if (list.contains(document.activeElement)) document.activeElement.blur();
    select(next.dataset.id);
    passing = setTimeout(() => open(link(next).href, { keyboard: true }), isHeldDown ? 120 : 0);
  }

  function openCursor() {
    const items = rows();
    const item = items.find((candidate) => candidate.contains(document.activeElement)) ?? items.find((candidate) => candidate.matches(".row-selected")) ?? items[0];
    if (item?.dataset.id === openId()) focusHeading();
    else if (item) open(link(item).href, { keyboard: true });
  }

  // ── Answers of the server to what was done ─────────────────────────────────────────────────────────────────────────────────────

  /**
   * A whole page that came back: its conversation, its list and its toast replace ours. Whole pages are asked for after an action because
   * an action changes all three, and because they are what works without script.
   */
  function land(page, { push = true, keepComposer = false } = {}) {
    const fresh = page.doc.getElementById("work");
    if (!fresh || !work()) return false;
    const path = withoutWords(page.url);
    if (page.ok && path !== location.pathname + location.search) history[push && page.url.pathname !== location.pathname ? "pushState" : "replaceState"]({ tresen: true }, "", path);
    turn += 1;
    ahead.clear();
    const isSame = fresh.dataset.conversation === openId();
    if (isSame && keepComposer && composerText()) renew(fresh);
    else swap(fresh, page.doc.title);
    const freshList = page.doc.getElementById("list");
    const freshRows = page.doc.getElementById("rows");
    if (freshRows && freshList?.dataset.place === list.dataset.place) {
      putRows(freshRows);
      putCounts(page.doc);
    } else checkListSoon();
    const view = one(".app", page.doc)?.dataset.view;
    if (view) app.dataset.view = view;
    select(openId());
    const toast = one("#toasts .toast", page.doc);
    if (toast) show(toast, secondsIn(page.url));
    return true;
  }

  // Forms of the conversation and of toasts.
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post" || form.dataset.plain !== undefined || form.target) return;
    if (form.id === "composer") return send(event);
    if (!form.closest("#work, #toasts")) return;
    event.preventDefault();
    await saveDraft().catch(() => {});
    await act(() => post(form, event.submitter));
  });

  async function act(request) {
    let page;
    try {
      page = await request();
    } catch {
      // Nothing happened and nothing is lost: say so here instead of showing the browser's error page.
      return say(text("offline"), { isError: true });
    }
    if (!page || land(page, { keepComposer: true })) return;
    if (page.ok && page.url.pathname !== location.pathname) return location.assign(page.url.href);
    complain(page);
  }

  /** `u`: the newest thing that was done, whichever page it was done on. */
  const undo = () => act(() => ask(`${base}/undo?${list.dataset.place}`, { method: "POST", body: new URLSearchParams() }));

  // ── The list ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  const bar = one("#new-bar");
  /** The newest state of the rows, waiting for `.`; `null` when the list shows it. */
  let waiting = null;

  function rowsAddress() {
    return `${base}/inbox?${list.dataset.place}&part=rows`;
  }

  /** The figures of the views and of the mentions; a view that is being chosen from is left alone. */
  function putCounts(doc) {
    const [views, fresh] = [one("#views"), doc.getElementById("views")];
    if (views && fresh && !tresen.same(views, fresh) && !views.matches(":focus-within") && !one("details[open]", views)) views.replaceWith(fresh);
    const [count, freshCount] = [one("#mention-count"), doc.getElementById("mention-count")];
    if (count && freshCount && !tresen.same(count, freshCount)) count.replaceWith(freshCount);
  }

  /** Fresh rows know nothing of this page's selection, nor that the open one is being read. */
  function adopt(fresh) {
    for (const item of all(".row[data-id]", fresh)) {
      const isOpen = item.dataset.id === openId();
      item.classList.toggle("row-selected", isOpen);
      item.ariaCurrent = isOpen ? "true" : null;
      if (isOpen && !document.hidden) {
        item.classList.remove("row-unread");
        one(".row-dot", item)?.remove();
      }
    }
  }

  /** Replaces the rows; scroll position, focus and selection stay. */
  function putRows(fresh) {
    const ul = one("#rows");
    if (!ul) return;
    adopt(fresh);
    const scroller = scrollerOf(ul);
    const { scrollTop } = scroller;
    const focused = ul.contains(document.activeElement) ? document.activeElement.closest(".row")?.dataset.id : "";
    tresen.sync(ul, fresh);
    window.htmx?.process(ul);
    scroller.scrollTop = scrollTop;
    if (focused && !ul.contains(document.activeElement)) (link(row(focused)) ?? link(rows()[0]))?.focus({ preventScroll: true });
    waiting = null;
    if (bar) bar.hidden = true;
  }

  /** Nobody looks for anything in the list right now: it may move. */
  const mayMove = () => !rows().length || (!list.matches(":hover, :focus-within") && scrollerOf(one("#rows")).scrollTop < 4);

  const isNewIn = (item) => {
    const shown = row(item.dataset.id);
    return !shown || shown.dataset.at !== item.dataset.at;
  };

  async function checkList() {
    if (document.hidden) return void (isListOld = true);
    isListOld = false;
    const page = await ask(rowsAddress(), { part: true }).catch(() => null);
    const fresh = page?.ok && page.doc.getElementById("rows");
    if (!fresh || !one("#rows")) return;
    putCounts(page.doc);
    adopt(fresh);
    if (mayMove()) return putRows(fresh);
    // What moved or came waits; what only changed (assignee, state, who is writing) changes where it stands; what left the view stays, pale.
    const moved = all(".row[data-id]", fresh).filter(isNewIn);
    for (const item of rows()) {
      const now = fresh.querySelector(`#${CSS.escape(item.id)}`);
      item.classList.toggle("row-gone", !now);
      if (!now || isNewIn(now) || tresen.same(item, now)) continue;
      const copy = now.cloneNode(true);
      const hadFocus = item.contains(document.activeElement);
      item.replaceWith(copy);
      if (hadFocus) link(copy).focus({ preventScroll: true });
    }
    waiting = fresh;
    if (!bar || !moved.length) return void (bar && (bar.hidden = true));
    const words = tresen.fill(moved.length === 1 ? (bar.dataset.one ?? text("newOne")) : (bar.dataset.many ?? text("newMany")), { n: moved.length });
    const label = [...bar.childNodes].find((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
    if (label) label.data = `${words} `;
    else bar.prepend(`${words} `);
    if (bar.hidden) announce(words);
    bar.hidden = false;
  }
  let isListOld = false;
  const checkListSoon = tresen.throttle(checkList, 2000, 300);
  // A colleague's draft is saved every few seconds; that somebody writes may show a little later.
  const checkListLater = tresen.throttle(checkList, 8000, 1000);
  document.addEventListener("visibilitychange", () => !document.hidden && isListOld && checkListSoon());

  function showNew() {
    if (!waiting) return;
    const first = all(".row[data-id]", waiting).find(isNewIn)?.dataset.id;
    const hadFocus = bar === document.activeElement;
    putRows(waiting);
    const item = row(first);
    item?.scrollIntoView({ block: "nearest" });
    if (hadFocus) link(item ?? rows()[0])?.focus({ preventScroll: true });
  }
  bar?.addEventListener("click", showNew);

  // ── The open conversation, live ────────────────────────────────────────────────────────────────────────────────────────────────

  /** Whether the customer wrote while an answer was being written, since the last renewal. */
  let wroteAgain = false;

  document.addEventListener("tresen:event", ({ detail: event }) => {
    const { kind, subject, detail } = event;
    if (kind === "mention") return void (String(detail?.user) === document.body.dataset.user && checkListSoon());
    if (!kind.startsWith("conversation.") && kind !== "message.state") return;
    ahead.delete(subject);
    if (kind === "conversation.draft") {
      if (subject === openId()) ping();
      return checkListLater();
    }
    if (subject && subject === openId()) {
      if (detail?.direction === "in" && composerText()) wroteAgain = true;
      refreshSoon();
    }
    checkListSoon();
  });

  /** Without the stream the screen may be out of date: said after a moment, because a restart is over in two seconds. */
  let lost = 0;
  document.addEventListener("tresen:live", ({ detail: isLive }) => {
    const banner = one("#live-lost");
    if (!isLive) return void (lost ||= setTimeout(() => banner && (banner.hidden = false), 4000));
    if (!lost) return;
    clearTimeout(lost);
    lost = 0;
    if (banner) banner.hidden = true;
    // What was missed may be more than the stream still tells.
    ahead.clear();
    checkListSoon();
    refreshSoon();
  });

  const refreshSoon = tresen.throttle(refresh, 1000, 30);
  async function refresh() {
    const id = openId();
    if (!id || one("#composer")?.ariaBusy === "true") return;
    const mine = turn;
    const page = await ask(location.href, { part: true, headers: document.hidden ? { "x-prefetch": "1" } : {} }).catch(() => null);
    const fresh = page?.ok && page.doc.getElementById("work");
    if (fresh && mine === turn && fresh.dataset.conversation === openId()) renew(fresh);
  }

  /** Brings the open conversation up to date around the person working in it. */
  function renew(fresh) {
    const old = work();
    const [thread, freshThread] = [one("#thread", old), one("#thread", fresh)];
    if (thread && freshThread) keepPlace(scrollerOf(thread), () => tresen.sync(thread, freshThread));
    for (const part of [".thread-head", "#kontext"]) {
      const [was, is] = [one(part, old), one(part, fresh)];
      // An open menu or a focused field in there is somebody's work; the next event tries again.
      if (!was || !is || tresen.same(was, is) || was.querySelector("details.drop[open], details[data-menu][open]") || was.matches(":focus-within")) continue;
      const { scrollTop } = one(".pane-body", was) ?? was;
      was.replaceWith(is);
      (one(".pane-body", is) ?? is).scrollTop = scrollTop;
    }
    if (composerText()) {
      // The newest message the writer knew stays as it was: the server holds back an answer that does not know of a newer one.
      if (wroteAgain) warn();
    } else {
      old.dataset.newest = fresh.dataset.newest ?? "";
      const [seen, freshSeen] = [one("#composer [name=seen]", old), one("#composer [name=seen]", fresh)];
      if (seen && freshSeen) seen.value = freshSeen.value;
      const warning = one("#wrote-again");
      if (warning) warning.hidden = true;
      // An answer that did not go out is the draft again, with the reason.
      const [wrap, freshWrap] = [one("#composer-wrap", old), one("#composer-wrap", fresh)];
      if (wrap && freshWrap && one("#composer-text", freshWrap)?.value && composer()?.dataset.kind === one("#composer", freshWrap).dataset.kind) {
        const hadFocus = wrap.contains(document.activeElement);
        wrap.replaceWith(freshWrap);
        known = JSON.stringify(draftOf(composer()));
        if (hadFocus) field()?.focus();
      }
    }
    wroteAgain = false;
    window.htmx?.process(old);
  }

  /** Above the composer: there is something new to read before this text leaves. */
  function warn() {
    const line = one("#wrote-again");
    if (!line?.hidden) return;
    line.hidden = false;
    announce(line.textContent);
  }

  /** Changes what a scrolled box holds. Who reads at the newest message stays at the newest; who reads further up stays at that line. */
  function keepPlace(box, change) {
    // The thread's column is reversed: its scrollTop is 0 at the newest message and negative above.
    const isReversed = getComputedStyle(box).flexDirection === "column-reverse";
    const fromEnd = isReversed ? -box.scrollTop : box.scrollHeight - box.clientHeight - box.scrollTop;
    const fromStart = box.scrollHeight - box.clientHeight - fromEnd;
    change();
    const room = box.scrollHeight - box.clientHeight;
    const end = fromEnd < 8 ? 0 : room - fromStart;
    box.scrollTop = isReversed ? -end : room - end;
  }

  // ── Presence ───────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  let typedAt = -Infinity;

  async function ping({ seen = "" } = {}) {
    const id = openId();
    if (!id || document.hidden) return;
    const said = new URLSearchParams({ writing: performance.now() - typedAt < 10_000 ? "1" : "0" });
    if (seen) said.set("seen", seen);
    const page = await ask(`${base}/inbox/${id}/presence`, { method: "POST", body: said, part: true }).catch(() => null);
    const place = one("#collision");
    if (!page?.ok || !place || id !== openId()) return;
    const fresh = page.doc.getElementById("collision") ?? page.doc.body;
    // A live region is only touched when it has something else to say.
    if (place.innerHTML.trim() !== fresh.innerHTML.trim()) place.replaceChildren(...fresh.childNodes);
  }
  setInterval(ping, 10_000);
  document.addEventListener("visibilitychange", () => ping());

  // ── Drafts ─────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  const composer = () => one("#composer");
  const field = () => one("#composer-text");
  const composerText = () => field()?.value.trim() ?? "";
  const kindOf = (form) => form.dataset.kind || "answer";
  const keyOf = (form) => `tresen-draft:${base}:${document.body.dataset.user}:${openId()}:${kindOf(form)}`;
  const typedCopies = (form) => (one("[name=cc]", form)?.value ?? "").split(/[,;]/).map((address) => address.trim()).filter(Boolean);
  const ticks = (form) => all("[name=also]", form);
  const draftOf = (form) => ({
    kind: kindOf(form),
    text: one("#composer-text", form).value,
    cc: [...ticks(form).filter((tick) => tick.checked).map((tick) => tick.value), ...typedCopies(form)].join(", "),
  });

  /** The band says who will read it, the copies included. */
  function showCopies(form) {
    const place = one("#band-copies");
    if (!place) return;
    const names = [...ticks(form).filter((tick) => tick.checked).map((tick) => tick.dataset.name), ...typedCopies(form)].join(", ");
    place.textContent = names && text("copies", { names, to: place.dataset.to });
    place.hidden = !names;
    one("#band-only").hidden = Boolean(names);
  }

  // To everybody who was part of it; who only just turned up is ticked by hand.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-reply-all]");
    if (!link) return;
    event.preventDefault();
    const form = composer();
    for (const tick of ticks(form)) tick.checked ||= tick.dataset.new === undefined;
    form.dispatchEvent(new Event("input", { bubbles: true }));
    field()?.focus();
  }, true);

  /** What the server holds, and the save that is under way. */
  let known = "";
  let saving = null;
  let isSending = false;

  const tell = (words) => {
    const state = one("#draft-state");
    if (state) state.textContent = words;
  };
  const store = (key, value) => {
    // Private windows and full disks refuse; the server's copy is the one that counts.
    try {
      if (value === null) localStorage.removeItem(key);
      else localStorage.setItem(key, value);
    } catch {}
  };
  const stored = (key) => {
    try {
      return JSON.parse(localStorage.getItem(key));
    } catch {
      return null;
    }
  };

  /** Sends the draft if it is not the server's already. Resolves when the server has it; rejects without a connection. */
  async function saveDraft({ isLeaving = false } = {}) {
    await saving?.catch(() => {});
    const form = composer();
    if (!form || isSending || !openId()) return;
    const draft = draftOf(form);
    const now = JSON.stringify(draft);
    if (now === known) return;
    const [id, key] = [openId(), keyOf(form)];
    // `keepalive` outlives the page, but only up to 64 KiB in all; a longer text waits on this device.
    const request = ask(`${base}/inbox/${id}/draft`, { method: "POST", body: new URLSearchParams(draft), part: true, keepalive: isLeaving && now.length < 30_000 });
    saving = request;
    try {
      const page = await request;
      if (!page.ok) throw new Error(`draft: ${page.status}`);
      if (openId() !== id || composer() !== form) return store(key, null);
      known = now;
      if (JSON.stringify(draftOf(form)) === now) store(key, null);
      const time = page.headers.get("x-saved") ?? "";
      const words = one("#draft-state")?.dataset.saved || text("draftSaved");
      tell(words.replace(/\{\s*\$?\w+\s*\}/, time));
    } catch {
      tell(one("#draft-state")?.dataset.failed || text("draftKept"));
      if (!isLeaving) setTimeout(saveSoon, 5000);
    } finally {
      if (saving === request) saving = null;
    }
  }
  const saveSoon = tresen.throttle(() => saveDraft(), 2000, 1000);

  document.addEventListener("input", (event) => {
    const form = event.target.closest("#composer");
    if (!form) return;
    const begins = performance.now() - typedAt > 10_000;
    typedAt = performance.now();
    // Colleagues learn at once that somebody writes, not with the next ping.
    if (begins) ping();
    showCopies(form);
    store(keyOf(form), JSON.stringify({ ...draftOf(form), at: Date.now() }));
    saveSoon();
  });
  document.addEventListener("focusout", (event) => event.target.closest("#composer") && saveDraft());
  addEventListener("pagehide", () => saveDraft({ isLeaving: true }));
  document.addEventListener("visibilitychange", () => document.hidden && saveDraft({ isLeaving: true }));

  /** After a conversation came in: what this device kept and the server never confirmed is put back. */
  function restoreDraft() {
    isSending = false;
    wroteAgain = false;
    typedAt = -Infinity;
    const form = composer();
    if (!form || !field()) return void (known = "");
    known = JSON.stringify(draftOf(form));
    const kept = stored(keyOf(form));
    if (!kept) return;
    // Elsewhere it may have been written on since (data-draft-at: the server's copy, in microseconds).
    const isOlder = Number(form.dataset.draftAt ?? 0) / 1000 > kept.at;
    if (isOlder || kept.text === field().value || !kept.text.trim()) return store(keyOf(form), null);
    field().value = kept.text;
    const cc = one("[name=cc]", form);
    const copies = new Set((kept.cc ?? "").split(/[,;]/).map((address) => address.trim()).filter(Boolean));
    for (const tick of ticks(form)) tick.checked = copies.delete(tick.value);
    if (cc) cc.value = [...copies].join(", ");
    showCopies(form);
    tell(text("draftRestored"));
    announce(text("draftRestored"));
    saveSoon();
  }

  // ── Sending ────────────────────────────────────────────────────────────────────────────────────────────────────────────────────

  async function send(event) {
    event.preventDefault();
    const form = event.target;
    if (isSending || form.ariaBusy === "true") return;
    const key = keyOf(form);
    isSending = true;
    setBusy(form, true);
    tell(text("sending"));
    // A save that arrives after the answer would bring the draft back to life.
    await saving?.catch(() => {});
    setBusy(form, false);
    let page;
    try {
      page = await post(form, event.submitter);
    } catch {
      isSending = false;
      tell(text("notSent"));
      return announce(text("notSent"));
    }
    const entered = field()?.value ?? "";
    isSending = false;
    if (page.ok) {
      store(key, null);
      // A repeated text is a new draft, not this one.
      field() && (field().value = "");
      known = JSON.stringify(draftOf(form));
      if (land(page)) return void (openId() && ping());
      return location.assign(page.url.href);
    }
    // Held back, with the reason in the form. The text is there again whatever the answer holds.
    if (land(page)) {
      if (field() && !field().value) field().value = entered;
      field()?.focus();
      return saveSoon();
    }
    tell(text("notSent"));
    complain(page);
  }

  Object.assign(tresen, { move, openCursor, showNew, undo, act, focusHeading });

  restoreDraft();
  if (openId()) {
    markRead(openId());
    row(openId())?.scrollIntoView({ block: "nearest" });
    ping();
    setTimeout(() => fetchRowAhead(row(openId())?.nextElementSibling?.matches(".row[data-id]") ? row(openId()).nextElementSibling : null), 300);
  }
})();
