/** Whoever wants to hear of something. */
export interface Listeners<T> {
  /** Listens from now on; call what it returns to stop. The listener must not throw, and must not wait. */
  subscribe(listener: (said: T) => void): () => void
  /** Tells it to each of them, in the order in which they came. */
  tell(said: T): void
  /** Whether nobody listens. */
  isEmpty(): boolean
}

/** Nobody listens yet. */
export function createListeners<T>(): Listeners<T> {
  const listeners = new Set<(said: T) => void>()
  return {
    subscribe(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    tell(said) {
      for (const listener of listeners) listener(said)
    },
    isEmpty: () => listeners.size === 0,
  }
}
