/**
 * What a service worker has besides what a page has. The worker of the page is checked with the page: TypeScript's own types
 * of workers cannot be there with those of pages.
 */
interface WorkerEvent {
  waitUntil(done: Promise<unknown>): void
}

interface WorkerPushEvent extends WorkerEvent {
  readonly data: { json(): import('../src/push/payload.ts').Payload }
}

interface WorkerNotificationEvent extends WorkerEvent {
  readonly notification: Notification
  /** Empty where the notification itself was clicked. */
  readonly action: string
}

interface WorkerWindow {
  readonly url: string
  focus(): Promise<unknown>
  postMessage(message: object): void
}

declare const registration: ServiceWorkerRegistration
declare const clients: {
  matchAll(options: { type: 'window'; includeUncontrolled: boolean }): Promise<readonly WorkerWindow[]>
  openWindow(url: string): Promise<unknown>
}
declare function skipWaiting(): Promise<void>
declare function addEventListener(type: 'install', listener: () => void): void
declare function addEventListener(type: 'push', listener: (event: WorkerPushEvent) => void): void
declare function addEventListener(
  type: 'notificationclick',
  listener: (event: WorkerNotificationEvent) => void,
): void

/** Where a script may come from; browsers that have none of it take a text. Source: w3.org/TR/trusted-types. */
interface TrustedScriptURL {
  toString(): string
}

interface Window {
  readonly trustedTypes?: {
    createPolicy(
      name: string,
      rules: { createScriptURL(): string },
    ): { createScriptURL(input: string): TrustedScriptURL }
  }
}

interface ServiceWorkerContainer {
  register(scriptURL: TrustedScriptURL): Promise<ServiceWorkerRegistration>
}
