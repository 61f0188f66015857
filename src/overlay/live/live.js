// Live reload: keeps an open page like the site on disk. Only processes in development serve this.
//
// The server says by an event what has changed since the state that the page was made of. Stylesheets and pictures are swapped;
// for everything else the page is loaded again. Mistakes in the site's files stand in a panel over the page until they are gone.
(() => {
  "use strict";
  const tag = document.currentScript;
  const running = Symbol.for("kalgan.live");
  if (!tag || window[running]) return;
  window[running] = true;
  const isForm = "form" in tag.dataset;
  const hasOwnList = document.documentElement.dataset.kalgan === "mistakes";
  let at = tag.dataset.since;
  let stream = null;
  let timer = 0;

  // ---- The stream. A hidden page has none, because a browser opens only six connections to one host; it catches up when it is shown.

  function connect() {
    clearTimeout(timer);
    if (stream || document.hidden || isWithinLivePage()) return;
    const address = new URL("events", tag.src);
    address.searchParams.set("since", at);
    stream = new EventSource(address);
    stream.onmessage = (message) => take(JSON.parse(message.data));
    // The browser itself would give up after some errors, and would ask for what was new long ago.
    stream.onerror = () => {
      disconnect();
      timer = setTimeout(connect, 300);
    };
  }

  function disconnect() {
    clearTimeout(timer);
    stream?.close();
    stream = null;
  }

  // The page around a frame looks after the frame.
  function isWithinLivePage() {
    try {
      return window.parent !== window && [...window.parent.document.scripts].some((script) => script.src === tag.src);
    } catch {
      return false;
    }
  }

  addEventListener("pageshow", connect);
  addEventListener("pagehide", disconnect);
  document.addEventListener("visibilitychange", () => (document.hidden ? disconnect() : connect()));
  connect();

  // ---- Changes.

  function take(event) {
    const isNew = event.at !== at;
    at = event.at;
    if (event.reload || !swapAll(Object.entries(event.assets))) reload(isNew);
    if (event.build) panel.build = event.build;
    if (event.mistakes && !hasOwnList) panel.mistakes = event.mistakes;
    panel.show();
  }

  function reload(isNew) {
    if (isForm) {
      panel.note = "The site has changed. This page came from a form; load it again to see the change.";
      return;
    }
    // Once for each state of the site: a page that some cache keeps old would be loaded for ever.
    if (isNew && remembered("reloaded") === at) return;
    remember("reloaded", at);
    location.reload();
  }

  // Whether all of the changed files could be swapped in the page.
  function swapAll(assets) {
    const styles = assets.filter(([path]) => /\.css$/i.test(path));
    const images = assets.filter(([path]) => /\.(png|jpe?g|gif|svg|webp|avif|ico|bmp)$/i.test(path));
    const fonts = assets.filter(([path]) => /\.(woff2?|ttf|otf)$/i.test(path));
    if (styles.length + images.length + fonts.length < assets.length) return false;
    // A stylesheet carries the versions of what it names, so it is among the changed files itself.
    if (fonts.length > 0 && styles.length === 0) return false;
    const isSwapped = styles.map(([path, version]) => version && swapStyle(path, version)).every(Boolean);
    const isShown = images.map(([path, version]) => version && swapImage(path, version)).every(Boolean);
    return isSwapped && (isShown || styles.length > 0);
  }

  const old = new WeakMap();
  const leaving = new WeakSet();

  function swapStyle(path, version) {
    const links = documents().flatMap((page) => [...page.querySelectorAll("link[rel~=stylesheet][href]")]);
    const found = links.filter((link) => !leaving.has(link) && isAt(link.href, path, link.baseURI));
    for (const link of found) {
      const next = link.cloneNode();
      next.removeAttribute("integrity");
      next.href = versioned(link.href, version, link.baseURI);
      next.onload = () => {
        for (let last = link; last; last = old.get(last)) last.remove();
      };
      next.onerror = () => next.isConnected && reload(true);
      old.set(next, link);
      leaving.add(link);
      link.after(next);
    }
    return found.length > 0;
  }

  function swapImage(path, version) {
    let isFound = false;
    for (const page of documents()) {
      for (const element of page.querySelectorAll("img, source, input[type=image], video[poster], image, link[rel~=icon]")) {
        for (const name of ["src", "srcset", "poster", "href"]) {
          const before = element.getAttribute(name);
          const after = before?.replace(/[^\s,]+/g, (address) =>
            isAt(address, path, element.baseURI) ? versioned(address, version, element.baseURI) : address);
          if (after === before) continue;
          element.setAttribute(name, after);
          isFound = true;
        }
      }
    }
    return isFound;
  }

  // This page, and the pages in its frames that it may look into.
  function documents(view = window) {
    const inner = [...Array(view.frames.length).keys()].flatMap((number) => {
      try {
        return view.frames[number].document ? documents(view.frames[number]) : [];
      } catch {
        return [];
      }
    });
    return [view.document, ...inner];
  }

  function isAt(address, path, base) {
    try {
      return decodeURIComponent(new URL(address, base).pathname).endsWith(`/${path}`);
    } catch {
      return false;
    }
  }

  function versioned(address, version, base) {
    const next = new URL(address, base);
    next.search = version;
    return next.href;
  }

  // ---- The panel. Everything in it is text that is set as text.

  const panel = {
    mistakes: null,
    build: null,
    note: "",
    host: null,
    root: null,

    show() {
      const isFailed = this.build?.state === "failed";
      const entries = [...(isFailed ? this.build.list : []), ...(this.mistakes?.list ?? [])];
      const more = (isFailed ? this.build.more : 0) + (this.mistakes?.more ?? 0);
      const isBusy = this.build?.state === "running";
      const shown = JSON.stringify([entries, more, isBusy, this.note]);
      if (entries.length === 0 && !isBusy && !this.note) return this.hide();
      if (this.shown === shown || (remembered("closed") === shown && !isBusy)) return;
      this.hide();
      this.shown = shown;
      this.open(entries.length > 0 ? this.list(entries, more, isFailed) : this.status(isBusy ? "Building…" : this.note));
    },

    open(content) {
      this.host = document.createElement("kalgan-live");
      this.host.popover = "manual";
      const root = this.host.attachShadow({ mode: "open" });
      const style = new CSSStyleSheet();
      style.replaceSync(STYLE);
      root.adoptedStyleSheets = [style];
      root.append(content);
      document.documentElement.append(this.host);
      // Above the page's own dialogs, where the browser can do that.
      this.host.showPopover?.();
      document.addEventListener("keydown", closeByKey);
    },

    hide() {
      this.host?.remove();
      this.host = null;
      this.shown = "";
      document.removeEventListener("keydown", closeByKey);
    },

    close() {
      remember("closed", this.shown);
      const { shown } = this;
      this.hide();
      this.shown = shown;
    },

    status(text) {
      return element("section", { role: "status", class: "status" }, element("p", {}, text), closer());
    },

    list(entries, more, isFailed) {
      const title = isFailed ? "The binary could not be built" : `The site has ${this.mistakes.count}`;
      const rest = more > 0 ? [element("p", {}, `and ${more} more; the log has them all`)] : [];
      const building = this.build?.state === "running" ? [element("p", {}, "Building…")] : [];
      return element("section", { role: "alertdialog", "aria-labelledby": "title" },
        element("header", {}, element("h2", { id: "title" }, title), closer()),
        ...building, element("ol", {}, ...entries.map(entry)), ...rest);
    },
  };

  function closeByKey(event) {
    if (event.key === "Escape" && !event.defaultPrevented) panel.close();
  }

  function closer() {
    const button = element("button", { type: "button", title: "Close (Escape)", "aria-label": "Close" }, "×");
    button.onclick = () => panel.close();
    return button;
  }

  function entry(mistake) {
    const place = mistake.link ? element("a", { href: mistake.link }, mistake.place) : element("span", {}, mistake.place);
    return element("li", { class: mistake.severity },
      element("p", {}, element("b", {}, mistake.severity), " ", place),
      element("p", { class: "message" }, mistake.message),
      ...(mistake.excerpt ? [element("pre", { tabindex: "0" }, mistake.excerpt)] : []),
      ...mistake.help.map((help) => element("p", { class: "help" }, `help: ${help}`)));
  }

  function element(name, attributes, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  const STYLE = `
    :host { all: initial; position: fixed; inset: auto 0 0 0; width: 100%; max-width: none; margin: 0; padding: 0; border: 0;
      background: none; z-index: 2147483647; color-scheme: light dark; pointer-events: none }
    section { pointer-events: auto; box-sizing: border-box; max-height: 60vh; overflow: auto; padding: 1rem max(1rem, 50% - 36rem) 1.25rem;
      font: 15px/1.5 system-ui, sans-serif; background: light-dark(#fff, #1c1b1a); color: light-dark(#1d1b19, #eceae6);
      border-top: 4px solid light-dark(#b3261e, #ff8a80); box-shadow: 0 -4px 24px #0004; overflow-wrap: anywhere }
    section.status { width: fit-content; max-width: 100%; margin: 0 0 1rem 1rem; padding: .5rem .5rem .5rem 1rem; border: 0;
      border-radius: .5rem; display: flex; gap: .5rem; align-items: center; box-shadow: 0 2px 12px #0006 }
    header { display: flex; justify-content: space-between; align-items: start; gap: 1rem }
    h2 { font-size: 1.15rem; margin: 0 0 .25rem } p { margin: 0 } ol { list-style: none; margin: 0; padding: 0 }
    li { margin-top: .75rem; padding-top: .75rem; border-top: 1px solid light-dark(#ddd8d0, #45413c) }
    b { font-size: .8rem; padding: .1rem .45rem; border-radius: 1rem; background: light-dark(#b3261e, #ff8a80); color: light-dark(#fff, #1c1b1a) }
    .warning b { background: light-dark(#7a5300, #ffcc66) }
    a { color: light-dark(#0b57d0, #8ab4f8) } .message { font-weight: 600; margin-top: .25rem } .help { margin-top: .25rem }
    pre { margin: .5rem 0 0; padding: .6rem .8rem; overflow-x: auto; border-radius: .4rem; font: 13px/1.45 ui-monospace, monospace;
      tab-size: 4; background: light-dark(#f4f1ec, #2a2826) }
    button { font: 1.4rem/1 system-ui, sans-serif; min-width: 2.25rem; min-height: 2.25rem; border: 0; border-radius: .4rem; cursor: pointer;
      background: none; color: inherit }
    button:hover { background: light-dark(#eee9e1, #3a3733) }
    :focus-visible { outline: 2px solid light-dark(#0b57d0, #8ab4f8); outline-offset: 1px }`;

  // ---- What outlives a page of this tab. A page in a sandbox has nothing of the kind.

  function remembered(name) {
    try {
      return sessionStorage.getItem(`kalgan-${name}`);
    } catch {
      return null;
    }
  }

  function remember(name, value) {
    try {
      sessionStorage.setItem(`kalgan-${name}`, value);
    } catch {}
  }
})();
