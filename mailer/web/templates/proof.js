"use strict";
(() => {
  const form = document.querySelector("form[data-challenge]"), button = form.querySelector("button"), state = document.getElementById("work");
  const task = JSON.parse(form.dataset.challenge), encoder = new TextEncoder();
  const hex = (buffer) => Array.from(new Uint8Array(buffer), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const attempt = async (number) => hex(await crypto.subtle.digest("SHA-256", encoder.encode(task.salt + number))) === task.challenge;
  const solve = async () => {
    for (let from = 0; from <= task.maxNumber; from += 500) {
      const numbers = Array.from({ length: Math.min(500, task.maxNumber - from + 1) }, (_, place) => from + place);
      const hits = await Promise.all(numbers.map(attempt));
      const hit = hits.indexOf(true);
      if (hit >= 0) return numbers[hit];
    }
    throw new Error("no solution");
  };
  state.textContent = "このページの確認をしています。しばらくお待ちください。";
  button.disabled = true;
  solve().then((number) => {
    const { algorithm, challenge, salt, signature } = task;
    form.elements.altcha.value = btoa(JSON.stringify({ algorithm, challenge, number, salt, signature }));
    button.disabled = false;
    state.textContent = "確認が終わりました。ボタンを押してください。";
  }).catch(() => { state.textContent = "確認ができませんでした。下の別の方法でお申し込みください。"; });
})();
