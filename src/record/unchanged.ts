import type { DatabaseSync } from 'node:sqlite'

/**
 * Reads once, and tells the same again for as long as nobody has written to the database: pages that look every second, on
 * however many screens, cost one reading a change. What is told is shared: nobody may change it.
 * @param isSettled false while something waits to be written, which the reading takes into account
 */
export function whileUnchanged<T>(db: () => DatabaseSync, isSettled: () => boolean, read: () => T): () => T {
  let last: { readonly version: string; readonly told: T } | null = null
  let of: DatabaseSync | null = null

  return () => {
    const now = db()
    // What was written in it may be taken back.
    if (now.isTransaction || !isSettled()) return read()
    const version = versionOf(now)
    if (of === now && last?.version === version) return last.told
    const told = read()
    of = now
    last = { version, told }
    return told
  }
}

/** Another one after each change, by this connection or by others (sqlite.org/pragma.html, data_version). */
function versionOf(db: DatabaseSync): string {
  const others = db.prepare('PRAGMA data_version').get()
  const own = db.prepare('SELECT total_changes() AS changes').get()
  return `${others?.data_version} ${own?.changes}`
}
