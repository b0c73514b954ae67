// The peer site for `make bench-build`: the same articles, the same kinds of pages, templates of like content.
const PUBLICATIONS = ["fukko-press", "musubimaru", "mailmaga"];

const japan = (date) => new Date(date.getTime() + 9 * 3_600_000).toISOString();
const newestFirst = (pages) => [...pages].sort((a, b) => b.data.date - a.data.date);

const grouped = (pages, keys) => {
  const groups = new Map();
  for (const page of pages) {
    for (const key of keys(page)) {
      if (!groups.has(key)) groups.set(key, []);
      groups.get(key).push(page);
    }
  }
  return [...groups].map(([key, found]) => ({ key, pages: found }));
};

export default function (eleventy) {
  const articles = (api) => newestFirst(api.getFilteredByGlob("content/*/*/*.md"));
  const section = (page) => page.inputPath.split("/").at(-3);
  eleventy.addPassthroughCopy({ "content/images": "images", "content/data": "data", static: "theme" });
  eleventy.addFilter("day", (date) => {
    const [year, month, day] = japan(date).slice(0, 10).split("-");
    return `${year}年${Number(month)}月${Number(day)}日`;
  });
  eleventy.addFilter("iso", (date) => `${japan(date).slice(0, 19)}+09:00`);
  eleventy.addFilter("lead", (html) => (/<p>(.*?)<\/p>/s.exec(html) ?? ["", ""])[1].replace(/<[^>]*>/g, ""));
  eleventy.addFilter("first", (pages, count) => pages.slice(0, count));
  eleventy.addCollection("articles", articles);
  eleventy.addCollection("sections", (api) => grouped(articles(api), (page) => [section(page)]));
  eleventy.addCollection("months", (api) => grouped(articles(api), (page) => [`${section(page)}/${japan(page.data.date).slice(0, 7).replace("-", "/")}`]));
  eleventy.addCollection("places", (api) => grouped(articles(api), (page) => page.data.municipalities ?? []));
  eleventy.addCollection("subjects", (api) => grouped(articles(api), (page) => page.data.topics ?? []));
  eleventy.addGlobalData("site", { title: "とどけ みやぎ復興ポータル", url: "https://todoke.example.jp", publications: PUBLICATIONS });
  return { dir: { input: ".", includes: "_includes", output: "site" }, markdownTemplateEngine: false, templateFormats: ["md", "njk"] };
}
