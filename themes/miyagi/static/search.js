// The files' format: plugins/search/index.py. Without this script the page lists other ways to find a page.
(() => {
  for (const box of document.querySelectorAll("[type='text/html']")) box.outerHTML = box.text;
  const form = document.querySelector("form.search");
  if (!form) return;
  import("/theme/page.js");
  const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";
  const RESULTS = 10;
  const MOST_BYTES = 60000;
  const input = form.elements.q, status = document.getElementById("found"), list = document.getElementById("results"), more = document.getElementById("more");
  const nothing = document.getElementById("nothing"), near = document.getElementById("near");
  const shards = Number(form.dataset.shards);
  const loaded = new Map();
  let latest = 0; // an older query stops

  const variants = new Map();
  let synonyms = [];

  // See plugins/typography/folding.py
  const normal = (text) => text.normalize("NFKC").toLowerCase()
    .replace(/[\u00ad\u200b-\u200d\u2060\ufeff\ufe00-\ufe0f\u{e0100}-\u{e01ef}]/gu, "")
    .replace(/[-‐‑‒–—―−─━]/g, "ー").replace(/[〜∼]/g, "~")
    .replace(/[ァ-ヶヽヾ]/g, (c) => String.fromCharCode(c.charCodeAt(0) - 96)).replace(/ゕ/g, "か").replace(/ゖ/g, "け")
    .replace(/[\u3400-\u9fff\ufa0e-\ufa29\u{20000}-\u{2a6df}]/gu, (c) => variants.get(c) || c)
    .replace(/(?<=[0-9一二三四五六七八九十百千数何])[け箇個](?=[月所国年条町村])/g, "か");
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

  // Pairs that cover the word; of a long one every other pair, since each page is checked anyway.
  const pairs = (word) => {
    const c = [...word];
    if (c.length < 3) return [word];
    const all = c.slice(1).map((next, index) => c[index] + next);
    return all.length <= 8 ? all : all.filter((_, index) => index % 2 === 0).slice(0, 8);
  };

  // Forms say the same; kana finds readings.
  const wordOf = (text) => {
    const forms = new Set([text]);
    for (const group of synonyms) {
      const term = group.find((each) => text.includes(each));
      if (term) group.forEach((other) => forms.add(text.replace(term, other)));
    }
    const kana = /^[ぁ-ゖー]{2,}$/.test(text) && new RegExp(`(?:^| )([^/ ]+)/(?:[^ ]*[|,])?${[...text].join("\\|?")}${text[3] ? "(?![んっゃゅょー])" : "(?![^|, ])"}`);
    return { forms: [...forms].slice(0, 4), kana };
  };

  const both = (some, others) => (others = new Set(others), some.filter((number) => others.has(number)));
  const having = async (grams) => {
    const postings = await Promise.all(grams.map(async (gram) => (await shard(shardOf(gram)))[gram]));
    return postings.includes(undefined) ? [] : postings.map(decode).reduce(both);
  };

  const three = (all) => all.length < 4 ? all : [all[0], all[all.length >> 1], all.at(-1)];

  // The documents that may have all words: those by reading first, then the newest.
  const candidates = async (words) => {
    const sure = new Set(); // by reading
    let common = null;
    for (const { forms, kana } of words) {
      const lists = forms.map((form, index) => index ? three(pairs(form)) : pairs(form).slice(0, Math.max(2, 16 / words.length)));
      if (kana) lists.push([`/${forms[0].slice(0, 4)}`]);
      const hits = await Promise.all(lists.map(having)), numbers = hits.flat();
      if (kana) hits.at(-1).forEach((number) => sure.add(number));
      common = common ? both(common, numbers) : numbers;
    }
    return [...new Set(common)].sort((a, b) => sure.has(b) - sure.has(a) || b - a);
  };

  const element = (name, parent, text, className) => {
    const child = document.createElement(name);
    if (text) child.textContent = text;
    if (className) child.className = className;
    parent.append(child);
    return child;
  };

  // The text around the first place of the form. Positions count characters with their marks.
  const excerpt = (page, form) => {
    const line = page.w.split("\n").find((text) => normal(text).includes(form));
    if (!line) return null;
    const parts = line.match(/[^][\u3099\u309a\uff9e\uff9f\ufe00-\ufe0f\u{e0100}-\u{e01ef}]*/gu);
    let text = "", at = -1, end = 0;
    const whole = normal(line).indexOf(form);
    parts.forEach((part, index) => {
      if (text.length >= whole && at < 0) at = index;
      if (text.length < whole + form.length) end = index + 1;
      text += normal(part);
    });
    const start = Math.max(0, at - 30), paragraph = document.createElement("p"), cut = (...range) => parts.slice(...range).join("");
    paragraph.className = "sum";
    paragraph.append((start ? "…" : "") + cut(start, at));
    element("mark", paragraph, cut(at, end));
    paragraph.append(cut(end, end + 60) + (end + 60 < parts.length ? "…" : ""));
    return paragraph;
  };

  const show = (page, words) => {
    const item = element("li", list, "", "row");
    const link = element("a", element("h2", item), page.t);
    link.href = page.u;
    const meta = element("p", item, "", "meta");
    [page.d, page.p].filter(Boolean).forEach((text) => element("span", meta, text));
    const summary = words.flatMap((word) => formsOn(page, word)).map((form) => excerpt(page, form)).find(Boolean);
    if (summary) item.append(summary);
    return link;
  };

  const formsOn = (page, word) => {
    const read = word.kana && (page.r || "").match(word.kana);
    return read ? [...word.forms, normal(read[1])] : word.forms;
  };

  const holds = (page, words) => {
    const text = normal(`${page.t}\n${page.w}`);
    return words.every((word) => formsOn(page, word).some((form) => text.includes(form)));
  };

  // Of one or two characters the postings are the results.
  const message = (query, state) => {
    const known = state.exact || !state.left.length;
    const count = state.exact ? state.all : state.shown;
    if (known && !count) return `「${query}」を含むページはありません。`;
    if (known) return `「${query}」を含むページは${count}件です。${state.shown < count ? `新しい順に${state.shown}件を示しています。` : ""}`;
    return `「${query}」を含むページを、新しい順に${state.shown}件示しています。まだ調べていないページが${state.left.length}件あります。`;
  };

  const showNext = async (query, words, state, id) => {
    let first = null, bytes = 0, shown = 0;
    while (state.left.length && shown < RESULTS && bytes < (shown ? 1 : 3) * MOST_BYTES) {
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
    nothing.hidden = !more.hidden || state.shown > 0;
    if (!nothing.hidden) near.hidden = !(await import("/theme/near.js")).offer(near.lastElementChild, words, normal, await load("/search/near.json"));
    more.onclick = () => guard(async () => {
      (await showNext(query, words, state, id))?.focus();
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
    const id = ++latest;
    list.textContent = "";
    more.hidden = nothing.hidden = true;
    if (!variants.size) {
      const known = JSON.parse(await load("/search/words.json")), pairs = [...known.v];
      for (let index = 0; index < pairs.length; index += 2) variants.set(pairs[index], pairs[index + 1]);
      synonyms = known.s;
      if (id !== latest) return;
    }
    const words = normal(query).split(/\s+/).filter(Boolean).map(wordOf);
    if (!words.length) { status.textContent = "さがすことばを入れてください。"; return; }
    status.textContent = "さがしています。";
    const left = await candidates(words);
    if (id !== latest) return;
    const state = { all: left.length, left, shown: 0, exact: words.every(({ forms, kana }) => !kana && forms.length === 1 && [...forms[0]].length < 3) };
    await showNext(query.trim(), words, state, id);
  });

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    history.replaceState(null, "", `?q=${encodeURIComponent(input.value)}`);
    search(input.value);
  });
  const given = new URLSearchParams(location.search).get("q");
  if (given) { input.value = given; search(given); }
})();
