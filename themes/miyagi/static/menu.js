// The menu closes with Escape, and when the focus or a touch goes elsewhere. Without this script its own button closes it.
{
  const menu = document.querySelector(".main details");
  const close = ({ type, key, target }) => {
    if (!menu.open || (type === "keydown" ? key !== "Escape" : menu.contains(target))) return;
    if (menu.contains(document.activeElement)) menu.querySelector("summary").focus();
    menu.open = false;
  };
  for (const type of ["keydown", "focusin", "click"]) addEventListener(type, close);
}
