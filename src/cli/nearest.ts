import path from 'node:path'

/** The directory itself, or the nearest one above it, that is meant; null where none is. */
export function nearest(dir: string, isMeant: (dir: string) => boolean): string | null {
  if (isMeant(dir)) return dir
  const above = path.dirname(dir)
  return above === dir ? null : nearest(above, isMeant)
}
