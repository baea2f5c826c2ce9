const WORKER = 'dashboard/push-worker.js'

/** Only this script, whatever is asked for; the page's policy names it. */
const policy = window.trustedTypes?.createPolicy('push-worker', { createScriptURL: () => WORKER })

/**
 * Lets this browser be pushed to, by a service with this key.
 * @param {string} key in base64url
 * @throws {Error} with a sentence, where the browser or its user does not want it
 */
export async function subscribe(key) {
  // Safari has it only in what was put on the home screen.
  if (!('PushManager' in globalThis))
    throw new Error(
      'This browser takes no pushes. On an iPhone or iPad, add this page to the home screen and open it there.',
    )
  if ((await Notification.requestPermission()) !== 'granted')
    throw new Error('The browser does not allow notifications of this page; its settings can.')
  const registration = await navigator.serviceWorker.register(policy?.createScriptURL('') ?? WORKER)
  await activeIn(registration)
  const known = await registration.pushManager.getSubscription()
  // Of another service, or of one that began anew: it would not be taken.
  if (known && textOf(known.options.applicationServerKey) !== key) await known.unsubscribe()
  const wanted = { userVisibleOnly: true, applicationServerKey: key }
  const subscription = await registration.pushManager
    .subscribe(wanted)
    .catch((/** @type {Error} */ error) => {
      // Its own words do not say what to do.
      throw new Error(
        `The browser does not subscribe: ${error.message}. It cannot in a private window, nor where its push service is switched off or not reached.`,
      )
    })
  return subscription.toJSON()
}

/** This browser is pushed to no more, whoever tries. */
export async function unsubscribe() {
  const registration = await navigator.serviceWorker.getRegistration(WORKER)
  const subscription = await registration?.pushManager?.getSubscription()
  await subscription?.unsubscribe()
}

/** Resolves when its worker works: only then it can be subscribed for. @param {ServiceWorkerRegistration} registration */
async function activeIn(registration) {
  const worker = registration.active ?? registration.waiting ?? registration.installing
  while (worker && worker.state !== 'activated')
    await new Promise((resolve) => worker.addEventListener('statechange', resolve, { once: true }))
}

/** @param {ArrayBuffer | null} bytes in base64url */
const textOf = (bytes) =>
  btoa(String.fromCharCode(...new Uint8Array(bytes ?? new ArrayBuffer(0))))
    .replaceAll('+', '-')
    .replaceAll('/', '_')
    .replaceAll('=', '')
