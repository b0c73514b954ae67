// What needs no script works without this one. The menu closes with Escape, and when the focus or a touch goes elsewhere.
{
  const menu = document.querySelector(".main details");
  const close = ({ type, key, target }) => {
    if (!menu.open || (type === "keydown" ? key !== "Escape" : menu.contains(target))) return;
    if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
    menu.open = false;
  };
  for (const type of ["keydown", "focusin", "click"]) addEventListener(type, close);

  // A table is a region with a name, and a stop of the Tab key, only where it is wider than its place.
  const names = new Map();
  const watch = new ResizeObserver((entries) => entries.forEach(({ target }) => {
    const scrolls = target.scrollWidth > target.clientWidth;
    for (const [name, value] of names.get(target)) scrolls ? target.setAttribute(name, value) : target.removeAttribute(name);
  }));
  for (const table of document.querySelectorAll(".table[role=region]")) {
    names.set(table, ["role", "tabindex", "aria-label", "aria-labelledby"].filter((name) => table.hasAttribute(name)).map((name) => [name, table.getAttribute(name)]));
    watch.observe(table);
  }
}
