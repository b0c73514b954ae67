// Laid into every folder of articles as <folder>.11tydata.js.
export default {
  layout: "article.njk",
  eleventyComputed: {
    permalink: (data) => {
      const [section, , name] = data.page.inputPath.replace(/\.md$/, "").split("/").slice(-3);
      const [year, month] = new Date(data.date.getTime() + 9 * 3_600_000).toISOString().split("-");
      return `/${section}/${year}/${month}/${name}/`;
    },
    section: (data) => data.page.inputPath.split("/").at(-3),
  },
};
