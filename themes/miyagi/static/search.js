// Search in static files. plugins/search/index.py writes what is read here; without this script the page is a list of ways to look.
(() => {
  "use strict";
  const form = document.querySelector("form.search");
  if (!form || !window.fetch || !"".normalize) return;
  const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
  const SHOWN = 10; // results at a time
  const READ = 60000; // bytes of pages looked through at a time
  const input = form.elements.q, status = document.getElementById("found"), list = document.getElementById("results"), more = document.getElementById("more");
  const total = Number(form.dataset.documents), shards = Number(form.dataset.shards);
  const kept = new Map();
  let turn = 0;

  const normal = (text) => text.normalize("NFKC").toLowerCase();
  const json = async (address) => {
    const answer = await fetch(address);
    if (!answer.ok) throw new Error(address);
    return answer.text();
  };
  const shard = (number) => {
    if (!kept.has(number)) kept.set(number, json(`/search/s/${number}.json`).then(JSON.parse).catch((e) => { kept.delete(number); throw e; }));
    return kept.get(number);
  };
  const home = (gram) => [...gram].reduce((number, c) => number * 31 + c.codePointAt(0), 0) % shards;

  // The documents of one note: a map of bits after "!", gaps otherwise.
  const decode = (text) => {
    const numbers = [];
    if (text[0] === "!") {
      for (let at = 1; at < text.length; at++) {
        const group = DIGITS.indexOf(text[at]);
        for (let bit = 0; bit < 6; bit++) if (group >> bit & 1) numbers.push((at - 1) * 6 + bit);
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

  // Pairs that together cover the word; a long word is covered by every other pair, eight at most: its pages are read anyway.
  const pairs = (word) => {
    const c = [...word];
    if (c.length < 3) return [word];
    const all = c.slice(1).map((next, at) => c[at] + next);
    return all.length <= 8 ? all : all.filter((_, at) => at % 2 === 0).slice(0, 8);
  };

  const candidates = async (words) => {
    const grams = [...new Set(words.flatMap(pairs))].slice(0, 16);
    const notes = await Promise.all(grams.map(async (gram) => (await shard(home(gram)))[gram]));
    if (notes.some((note) => note === undefined)) return [];
    const sets = notes.map(decode).sort((a, b) => a.length - b.length);
    const others = sets.slice(1).map((numbers) => new Set(numbers));
    return sets[0].filter((number) => others.every((set) => set.has(number))).reverse();
  };

  const element = (name, parent, text, className) => {
    const made = document.createElement(name);
    if (text) made.textContent = text;
    if (className) made.className = className;
    parent.append(made);
    return made;
  };

  // The line around the first word that was found, with the word marked.
  const excerpt = (page, word) => {
    const line = page.w.split("\n").find((text) => normal(text).includes(word));
    if (!line) return null;
    const same = normal(line).length === line.length ? line : normal(line);
    const at = normal(same).indexOf(word), start = Math.max(0, at - 30), made = document.createElement("p");
    made.className = "sum";
    made.append((start ? "…" : "") + same.slice(start, at));
    element("mark", made, same.slice(at, at + word.length));
    const rest = same.slice(at + word.length, at + word.length + 60);
    made.append(rest + (at + word.length + 60 < same.length ? "…" : ""));
    return made;
  };

  const show = (page, words) => {
    const item = element("li", list, "", "row");
    const link = element("a", element("h2", item), page.t);
    link.href = page.u;
    const meta = element("p", item, "", "meta");
    [page.d, page.p].filter(Boolean).forEach((text) => element("span", meta, text));
    const found = words.map((word) => excerpt(page, word)).find(Boolean);
    if (found) item.append(found);
    return link;
  };

  const holds = (page, words) => {
    const text = normal(`${page.t}\n${page.w}`);
    return words.every((word) => text.includes(word));
  };

  const tell = (query, state) => {
    const sure = state.exact || !state.left.length;
    const count = state.exact ? state.all : state.shown;
    if (sure && !count) return `「${query}」を含むページはありません。`;
    if (sure) return `「${query}」を含むページは${count}件です。${state.shown < count ? `新しい順に${state.shown}件を示しています。` : ""}`;
    return `「${query}」を含むページを、新しい順に${state.shown}件示しています。まだ調べていないページが${state.left.length}件あります。`;
  };

  // Read candidates, newest first, until ten are shown or enough has been read.
  const next = async (query, words, state, mine) => {
    let first = null, read = 0, shown = 0;
    while (state.left.length && shown < SHOWN && read < READ) {
      const group = state.left.slice(0, Math.min(5, SHOWN - shown));
      const texts = await Promise.all(group.map((number) => json(`/search/d/${number}.json`)));
      if (mine !== turn) return null;
      state.left.splice(0, group.length);
      for (const text of texts) {
        read += new Blob([text]).size;
        const page = JSON.parse(text);
        if (!holds(page, words)) continue;
        const link = show(page, words);
        first = first || link;
        shown++;
      }
    }
    state.shown += shown;
    status.textContent = tell(query, state);
    more.hidden = !state.left.length;
    more.onclick = () => guard(async () => {
      const link = await next(query, words, state, mine);
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
    const mine = ++turn, words = normal(query).split(/\s+/).filter(Boolean);
    list.textContent = "";
    more.hidden = true;
    if (!words.length) { status.textContent = "さがすことばを入れてください。"; return; }
    status.textContent = "さがしています。";
    const left = await candidates(words);
    if (mine !== turn) return;
    const state = { all: left.length, left, shown: 0, exact: words.every((word) => [...word].length < 3) };
    await next(query.trim(), words, state, mine);
  });

  form.hidden = false;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    history.replaceState(null, "", `?q=${encodeURIComponent(input.value)}`);
    search(input.value);
  });
  const asked = new URLSearchParams(location.search).get("q");
  if (asked) { input.value = asked; search(asked); }
})();
