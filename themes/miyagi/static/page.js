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
  const watch = new ResizeObserver(() => names.forEach((own, region) => {
    const scrolls = region.scrollWidth > region.clientWidth;
    for (const [name, value] of own) scrolls ? region.setAttribute(name, value) : region.removeAttribute(name);
  }));
  for (const region of document.querySelectorAll(".table[role=region]")) {
    names.set(region, ["role", "tabindex", "aria-label", "aria-labelledby"].filter((name) => region.hasAttribute(name)).map((name) => [name, region.getAttribute(name)]));
    watch.observe(region);
    watch.observe(region.firstElementChild);
  }
}
