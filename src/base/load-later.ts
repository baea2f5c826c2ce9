import { createRequire } from 'node:module'

/**
 * Loads a package in CommonJS. One that could not be loaded, for want of a descriptor or of a file, may be loaded the next
 * time: not so by `import`, where whatever fails while it runs fails for ever (tc39.es/ecma262, "Evaluate"). Node remembers
 * that a package.json was missing, so a package is best named with its file, unless that is `index.js`.
 */
export const requirePackage = createRequire(import.meta.url)

/** A part that is loaded when it is first needed. */
export interface Later<T> {
  /** The same part each time. One that could not be loaded is tried again. */
  load(): Promise<T>
  /** Whether somebody needed it, and it did not fail. */
  isWanted(): boolean
}

/**
 * Loads nothing yet.
 * @param packages the packages in CommonJS that the part imports; they are loaded before it, by {@link requirePackage}
 */
export function loadLater<T>(packages: readonly string[], load: () => Promise<T>): Later<T> {
  let loaded: Promise<T> | null = null
  const attempt = async () => {
    for (const name of packages) requirePackage(name)
    return load()
  }
  return {
    load() {
      loaded ??= attempt().catch((error: unknown) => {
        loaded = null
        throw error
      })
      return loaded
    },
    isWanted: () => loaded !== null,
  }
}
