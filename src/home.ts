import path from 'node:path'

/** `~` and `~/…` as the home directory; every other path is returned as it is. */
export function expandHome(file: string, home: string): string {
  return file === '~' ? home : file.startsWith('~/') ? path.join(home, file.slice(2)) : file
}
