// Shows what is pushed. A message that comes twice has the tag of the first, and takes its place without a sound.
self.addEventListener("push", (event) => {
  const news = event.data.json();
  event.waitUntil(self.registration.showNotification(news.title, {
    body: news.body, lang: news.lang, tag: news.tag, icon: "/theme/mark.svg", requireInteraction: news.urgent, data: news.url,
  }));
});

self.addEventListener("notificationclick", (event) => {
  event.notification.close();
  const url = new URL(event.notification.data || "/", self.location.origin);
  event.waitUntil(self.clients.openWindow(url.origin === self.location.origin ? url.href : "/"));
});

// The browser has changed the subscription by itself.
self.addEventListener("pushsubscriptionchange", (event) => {
  const own = new URL(self.location).searchParams, service = own.get("service"), key = own.get("key");
  const post = (path, subscription) => fetch(`${service}/${path}`, {
    method: "POST", body: new URLSearchParams({ endpoint: subscription.endpoint, ...subscription.toJSON().keys, key }),
  });
  const renew = async () => {
    if (event.oldSubscription) await post("unsubscribe", event.oldSubscription).catch(() => {});
    const options = { userVisibleOnly: true, applicationServerKey: key };
    await post("subscribe", event.newSubscription || (await self.registration.pushManager.subscribe(options)));
  };
  event.waitUntil(renew());
});
