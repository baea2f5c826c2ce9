/** Something that happened, as `GET /events` tells it. */
export interface ServiceEvent {
  readonly name: string
  readonly data: object
}

/** Tells what happens besides the steps of runs. */
export interface EventSource {
  /** Listens from now on; call what it returns to stop. The listener must not throw, and must not wait. */
  subscribe(listener: (event: ServiceEvent) => void): () => void
}

/** Whoever listens is told what is told; nobody does yet. */
export function createEventSource(): EventSource & { tell(event: ServiceEvent): void } {
  const listeners = new Set<(event: ServiceEvent) => void>()
  return {
    subscribe(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    tell(event) {
      for (const listener of listeners) listener(event)
    },
  }
}
