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
