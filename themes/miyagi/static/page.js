// The menu closes with Escape, and when focus or a touch goes elsewhere.
{
  const menu = document.querySelector(".main details");
  const close = ({ type, key, target }) => {
    if (!menu.open || (type === "keydown" ? key !== "Escape" : menu.contains(target))) return;
    if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
    menu.open = false;
    if (type === "keyup") target.scrollIntoView({ block: "nearest" });
  };
  for (const type of ["keydown", "keyup", "click"]) addEventListener(type, close);

  // A table is a named region, and a stop of Tab, only where it scrolls.
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
