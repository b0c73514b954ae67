// What is too old becomes unknown while the page is open, as the next build would say. Without this script each row still says from when it is.
(() => {
  const check = () => {
    for (const row of document.querySelectorAll("[data-until]")) {
      if (Date.now() < Date.parse(row.dataset.until)) continue;
      const state = row.querySelector(".sev");
      state.className = "sev";
      state.textContent = "？ 不明";
      row.querySelector(".told").textContent = `には「${row.dataset.state}」でした`;
      row.querySelectorAll(".now").forEach((fact) => fact.remove());
      row.removeAttribute("data-until");
    }
  };
  check();
  setInterval(check, 60000);
})();
