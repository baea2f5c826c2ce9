/** The page: its files lie below it. */
const PAGE = new URL('../', location.href).href

// A newer one takes over at once: no page waits for it.
addEventListener('install', () => void skipWaiting())

addEventListener('push', (event) => {
  event.waitUntil(show(event.data.json()))
})

/** @param {import("../../../push/payload.ts").Payload} shown */
async function show({ tag, title, body, to, choices, time, quiet }) {
  const when =
    time === null ? '' : new Date(time).toLocaleString([], { dateStyle: 'short', timeStyle: 'short' })
  const options = {
    body: time === null ? body : body.replace('{time}', when),
    tag,
    icon: 'icon-192.png',
    silent: quiet,
    renotify: !quiet,
    data: { to },
    actions: choices.map((choice, index) => ({ action: String(index), title: choice })),
  }
  await registration.showNotification(title, options)
}

addEventListener('notificationclick', (event) => {
  event.notification.close()
  // With an answer chosen, which the page alone can give.
  event.waitUntil(open(event.notification.data.to + (event.action === '' ? '' : `/${event.action}`)))
})

/** @param {string} to */
async function open(to) {
  const windows = await clients.matchAll({ type: 'window', includeUncontrolled: true })
  const page = windows.find(({ url }) => url.replace(/#.*/, '') === PAGE)
  if (!page) return clients.openWindow(PAGE + to)
  page.postMessage({ to })
  return page.focus()
}
