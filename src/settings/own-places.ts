import path from 'node:path'

/** Where Looper itself lies, and where its service has its own files. */
export interface OwnPlaces {
  /** The directory of package.json. */
  readonly packageDir: string
  /**
   * Where `.env` is read, relative settings begin, and logs and the record lie: a checkout itself; of a package, which the
   * next install replaces, `~/.looper`.
   */
  readonly projectDir: string
  readonly isCheckout: boolean
}

/** @param file a file of this code, right in `src/` of a checkout or `dist/` of a package */
export function ownPlaces(file: string, home: string): OwnPlaces {
  const packageDir = path.resolve(path.dirname(file), '..')
  const isCheckout = path.basename(path.dirname(file)) === 'src'
  return { packageDir, projectDir: isCheckout ? packageDir : path.join(home, '.looper'), isCheckout }
}
