// What Tresen's scripts share and what needs no page: pure helpers, tested by `node --test crates/web/tests/js`.
// The scripts are plain files in one order (lib, app, keys, inbox) and meet in this one global; no build step, no modules,
// because a chain of imports would cost a round trip for each file before the first key works.
"use strict";

const tresen = {};

/** `{n} new` with `{ n: 3 }`. A name without a value stays as it is, so a wrong template is seen instead of swallowed. */
tresen.fill = (template, values) => template.replace(/\{\s*(\w+)\s*\}/g, (whole, name) => values[name] ?? whole);

/** Without case, accents and umlauts: "zuruck" and "zurück" find the same command. */
tresen.fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase().replaceAll("ß", "ss");

/** Whether every word of the query stands in the text. */
tresen.finds = (text, query) => {
  const folded = tresen.fold(text);
  return tresen.fold(query).split(/\s+/).every((word) => folded.includes(word));
};

/**
 * Whether event position `a` ("7.12") lies behind `b`. Both halves are 64-bit integers, too big for a JavaScript number. Ids without a
 * point have no order: what one knows nothing about counts as later.
 */
tresen.isLater = (a, b) => {
  if (!a.includes(".") || !b.includes(".")) return true;
  const [a0, a1 = "0"] = a.split(".");
  const [b0, b1 = "0"] = b.split(".");
  return a0 === b0 ? BigInt(a1) > BigInt(b1) : BigInt(a0) > BigInt(b0);
};

/** The conversation's id in a path of the inbox, or "". */
tresen.conversationIn = (path, base) => {
  const head = `${base}/inbox/`;
  const rest = path.startsWith(head) ? path.slice(head.length) : "";
  return rest.includes("/") ? "" : rest;
};

/** Runs `run` after `delay` ms, and then at most once in `gap` ms however often it is called; the last call is never lost. */
tresen.throttle = (run, gap, delay = 0) => {
  let timer = 0;
  let last = -Infinity;
  return () => {
    if (timer) return;
    const wait = Math.max(delay, last + gap - Date.now());
    timer = setTimeout(() => {
      timer = 0;
      last = Date.now();
      run();
    }, wait);
  };
};

/**
 * The single key an event means, or "" if it is no shortcut. On German keyboards `[` is AltGr+8 (Windows and Linux report Ctrl+Alt) or
 * Option+5 (Mac), and `/` and `?` need Shift: what counts is the character, not the way to it.
 */
tresen.keyIn = (event) => {
  const isBracket = event.key === "[" || event.key === "]";
  const isAltGraph = event.getModifierState("AltGraph");
  if (event.metaKey || ((event.ctrlKey || event.altKey) && !(isBracket && (isAltGraph || !event.ctrlKey)))) return "";
  if (event.key.length !== 1) return event.key === "Enter" ? "Enter" : "";
  const lower = event.key.toLowerCase();
  // Shift+J is not j; J under caps lock is.
  return event.shiftKey && lower !== event.key ? "" : lower;
};

/** Whether two elements show the same: an opened <details> does not count as a difference. */
tresen.same = (a, b) => {
  const plain = (element) => element.outerHTML.replaceAll(' open=""', "");
  return a === b || plain(a) === plain(b);
};

/**
 * Makes `parent` hold what `fresh` holds, touching only what differs: equal children stay the same nodes, so an opened quotation, a text
 * selection and the focus survive. Children are known by their ids. (Morphing libraries do more and weigh more than all of this file.)
 */
tresen.sync = (parent, fresh) => {
  const wanted = [...fresh.children];
  const ids = new Set(wanted.map((node) => node.id));
  const old = new Map([...parent.children].filter((node) => node.id).map((node) => [node.id, node]));
  let at = parent.firstElementChild;
  for (const node of wanted) {
    // What nobody waits for goes first, so that the rest stands where it is: moving an element costs it the focus.
    while (at && (at.id ? !ids.has(at.id) : old.has(node.id))) {
      const gone = at;
      at = at.nextElementSibling;
      gone.remove();
    }
    const had = node.id ? old.get(node.id) : at && !at.id ? at : undefined;
    if (had && tresen.same(had, node)) {
      if (had === at) at = at.nextElementSibling;
      else parent.insertBefore(had, at);
      continue;
    }
    if (had && had === at) {
      at = at.nextElementSibling;
      had.replaceWith(node);
      continue;
    }
    had?.remove();
    parent.insertBefore(node, at);
  }
  while (at) {
    const gone = at;
    at = at.nextElementSibling;
    gone.remove();
  }
};
