// Search in static files. Their format is stated in plugins/search/index.py. Without this script the page lists other ways to find a page.
(() => {
  "use strict";
  const form = document.querySelector("form.search");
  if (!form || !window.fetch || !"".normalize) return;
  const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
  const RESULTS = 10; // shown at a time
  const MOST_BYTES = 60000; // of pages read at a time
  const input = form.elements.q, status = document.getElementById("found"), list = document.getElementById("results"), more = document.getElementById("more");
  const shards = Number(form.dataset.shards);
  const loaded = new Map(); // shards by number
  let latest = 0; // number of the latest query: an older one stops when it sees a newer

  const normal = (text) => text.normalize("NFKC").toLowerCase();
  const load = async (address) => {
    const response = await fetch(address);
    if (!response.ok) throw new Error(address);
    return response.text();
  };
  const shard = (number) => {
    if (!loaded.has(number)) loaded.set(number, load(`/search/s/${number}.json`).then(JSON.parse).catch((e) => { loaded.delete(number); throw e; }));
    return loaded.get(number);
  };
  const shardOf = (gram) => [...gram].reduce((number, c) => number * 31 + c.codePointAt(0), 0) % shards;

  // Postings to document numbers: a bit map after "!", gaps otherwise.
  const decode = (text) => {
    const numbers = [];
    if (text[0] === "!") {
      for (let index = 1; index < text.length; index++) {
        const group = DIGITS.indexOf(text[index]);
        for (let bit = 0; bit < 6; bit++) if (group >> bit & 1) numbers.push((index - 1) * 6 + bit);
      }
      return numbers;
    }
    let gap = 0, scale = 1, last = -1;
    for (const c of text) {
      const digit = DIGITS.indexOf(c);
      gap += digit % 32 * scale;
      scale *= 32;
      if (digit < 32) { last += gap + 1; numbers.push(last); gap = 0; scale = 1; }
    }
    return numbers;
  };

  // Pairs that cover the word. Of a long word every other pair, eight at most: fewer shards to load, and each page is checked anyway.
  const pairs = (word) => {
    const c = [...word];
    if (c.length < 3) return [word];
    const all = c.slice(1).map((next, index) => c[index] + next);
    return all.length <= 8 ? all : all.filter((_, index) => index % 2 === 0).slice(0, 8);
  };

  // The documents that have all pairs, newest first.
  const candidates = async (words) => {
    const grams = [...new Set(words.flatMap(pairs))].slice(0, 16);
    const postings = await Promise.all(grams.map(async (gram) => (await shard(shardOf(gram)))[gram]));
    if (postings.includes(undefined)) return [];
    const [shortest, ...others] = postings.map(decode).sort((a, b) => a.length - b.length);
    const sets = others.map((numbers) => new Set(numbers));
    return shortest.filter((number) => sets.every((set) => set.has(number))).reverse();
  };

  const element = (name, parent, text, className) => {
    const child = document.createElement(name);
    if (text) child.textContent = text;
    if (className) child.className = className;
    parent.append(child);
    return child;
  };

  // The text around the first place of the word, with the word marked.
  const excerpt = (page, word) => {
    const line = page.w.split("\n").find((text) => normal(text).includes(word));
    if (!line) return null;
    // NFKC can change the length of a text, and then positions fit the normal form only.
    const source = normal(line).length === line.length ? line : normal(line);
    const at = normal(source).indexOf(word), start = Math.max(0, at - 30), end = at + word.length, paragraph = document.createElement("p");
    paragraph.className = "sum";
    paragraph.append((start ? "…" : "") + source.slice(start, at));
    element("mark", paragraph, source.slice(at, end));
    paragraph.append(source.slice(end, end + 60) + (end + 60 < source.length ? "…" : ""));
    return paragraph;
  };

  const show = (page, words) => {
    const item = element("li", list, "", "row");
    const link = element("a", element("h2", item), page.t);
    link.href = page.u;
    const meta = element("p", item, "", "meta");
    [page.d, page.p].filter(Boolean).forEach((text) => element("span", meta, text));
    const summary = words.map((word) => excerpt(page, word)).find(Boolean);
    if (summary) item.append(summary);
    return link;
  };

  const holds = (page, words) => {
    const text = normal(`${page.t}\n${page.w}`);
    return words.every((word) => text.includes(word));
  };

  // Queries of one or two characters are exact: the postings are the results. Of longer ones the number is known when all candidates are read.
  const message = (query, state) => {
    const known = state.exact || !state.left.length;
    const count = state.exact ? state.all : state.shown;
    if (known && !count) return `「${query}」を含むページはありません。`;
    if (known) return `「${query}」を含むページは${count}件です。${state.shown < count ? `新しい順に${state.shown}件を示しています。` : ""}`;
    return `「${query}」を含むページを、新しい順に${state.shown}件示しています。まだ調べていないページが${state.left.length}件あります。`;
  };

  // Read candidates, newest first, until ten are shown or enough bytes were read. Returns the first new link.
  const showNext = async (query, words, state, id) => {
    let first = null, bytes = 0, shown = 0;
    while (state.left.length && shown < RESULTS && bytes < MOST_BYTES) {
      const group = state.left.slice(0, Math.min(5, RESULTS - shown));
      const texts = await Promise.all(group.map((number) => load(`/search/d/${number}.json`)));
      if (id !== latest) return null;
      state.left.splice(0, group.length);
      for (const text of texts) {
        bytes += new Blob([text]).size;
        const page = JSON.parse(text);
        if (!holds(page, words)) continue;
        const link = show(page, words);
        first = first || link;
        shown++;
      }
    }
    state.shown += shown;
    status.textContent = message(query, state);
    more.hidden = !state.left.length;
    more.onclick = () => guard(async () => {
      const link = await showNext(query, words, state, id);
      if (link) link.focus();
    });
    return first;
  };

  const guard = async (action) => {
    try {
      await action();
    } catch (error) {
      status.textContent = "さがすためのファイルを読めませんでした。電波のよいところで、もう一度お試しください。";
    }
  };

  const search = (query) => guard(async () => {
    const id = ++latest, words = normal(query).split(/\s+/).filter(Boolean);
    list.textContent = "";
    more.hidden = true;
    if (!words.length) { status.textContent = "さがすことばを入れてください。"; return; }
    status.textContent = "さがしています。";
    const left = await candidates(words);
    if (id !== latest) return;
    const state = { all: left.length, left, shown: 0, exact: words.every((word) => [...word].length < 3) };
    await showNext(query.trim(), words, state, id);
  });

  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    history.replaceState(null, "", `?q=${encodeURIComponent(input.value)}`);
    search(input.value);
  });
  const given = new URLSearchParams(location.search).get("q");
  if (given) { input.value = given; search(given); }
})();
