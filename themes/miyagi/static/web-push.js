// The button for Web Push. It is shown where the browser can, and the browser asks its question only when the button is pressed.
(() => {
  const box = document.querySelector("[data-push]");
  if (!box || location.origin !== new URL(box.dataset.site).origin || !("serviceWorker" in navigator) || !("PushManager" in window)) return;
  box.innerHTML = box.firstElementChild.text;
  const service = box.dataset.push, key = box.dataset.key;
  const button = box.querySelector("button"), state = box.querySelector("[role=status]"), start = button.textContent;
  const worker = `/theme/web-push-worker.js?${new URLSearchParams({ service, key })}`;
  const post = async (path, subscription) => {
    const { endpoint, keys } = subscription.toJSON();
    const answer = await fetch(`${service}/${path}`, { method: "POST", body: new URLSearchParams({ endpoint, ...keys, key }) });
    if (!answer.ok) throw new Error(answer.status);
  };
  const current = async () => (await navigator.serviceWorker.getRegistration("/theme/"))?.pushManager.getSubscription();
  const show = (subscription, text = "") => {
    button.textContent = subscription ? box.dataset.stop : start;
    state.textContent = text;
  };
  const begin = async () => {
    const registration = await navigator.serviceWorker.register(worker);
    await (await registration.pushManager.getSubscription())?.unsubscribe();
    await new Promise((ready) => {
      const starting = registration.active ? null : registration.installing || registration.waiting;
      if (!starting) return ready();
      starting.addEventListener("statechange", () => starting.state === "activated" && ready());
    });
    const subscription = await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
    try {
      await post("subscribe", subscription);
    } catch (error) {
      await subscription.unsubscribe();
      throw error;
    }
    show(subscription, "新しいお知らせを、このブラウザーに届けます。");
  };
  const end = async (subscription) => {
    await post("unsubscribe", subscription).catch(() => {});  // the push service will say that it is gone
    await subscription.unsubscribe();
    show(null, "このブラウザーへのお知らせを止めました。");
  };
  button.addEventListener("click", async () => {
    button.disabled = true;
    try {
      const subscription = await current();
      await (subscription ? end(subscription) : begin());
    } catch (error) {
      const isRefused = Notification.permission === "denied";
      state.textContent = isRefused ? "ブラウザーの設定で、このサイトの通知が止められています。" : "今は手続きができませんでした。しばらくたってから、もう一度お試しください。";
    }
    button.disabled = false;
  });
  current().then((subscription) => {
    show(subscription);
    box.hidden = false;
  }).catch(() => {});
})();
