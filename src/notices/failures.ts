/** The same sender; each time it fails is told, unless it was given up. */
export function tellFailures<A extends readonly unknown[], R>(
  send: (...given: A) => Promise<R>,
  failed: () => void,
): (...given: A) => Promise<R> {
  return async (...given) => {
    try {
      return await send(...given)
    } catch (error) {
      if (!given.some((one) => one instanceof AbortSignal && one.aborted)) failed()
      throw error
    }
  }
}
