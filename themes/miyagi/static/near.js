// Words to offer when a search has found nothing: search.js loads this only then. The format of near.json is stated in plugins/search/index.py.

// Characters to add, take away or replace to make one word of the other (Levenshtein 1966).
const distance = (a, b) => {
  let row = [...b, ""].map((_, index) => index);
  [...a].forEach((c, i) => {
    const next = [i + 1];
    [...b].forEach((d, j) => next.push(Math.min(next[j] + 1, row[j + 1] + 1, row[j] + (c !== d))));
    row = next;
  });
  return row[b.length];
};

// Put up to three links into `place`, the nearest first; return how many.
export const offer = (place, words, normal, json) => {
  const offers = JSON.parse(json).flatMap(([text, reading]) => words.map(({ forms: [word] }) => {
    const far = Math.min(...[normal(text), reading].filter(Boolean).map((each) => distance([...word], [...each])));
    return { text, far, most: Math.max(1, Math.floor([...word].length / 3)) };
  })).filter(({ far, most, text }) => far <= most && far < [...text].length);
  place.textContent = "";
  offers.sort((a, b) => a.far - b.far).slice(0, 3).forEach(({ text }, index) => {
    const link = document.createElement("a");
    link.textContent = text;
    link.href = `?q=${encodeURIComponent(text)}`;
    place.append(index ? "、" : "", link);
  });
  return Math.min(3, offers.length);
};
