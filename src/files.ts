import { type Stats, statSync } from 'node:fs'

/** Whether a directory is there and can be reached. Never throws. */
export function isDirectory(path: string): boolean {
  return look(path)?.isDirectory() === true
}

/** Whether a file is there and can be reached. Never throws. */
export function isFile(path: string): boolean {
  return look(path)?.isFile() === true
}

function look(path: string): Stats | null {
  try {
    return statSync(path)
  } catch {
    // Too long a name, a loop of links or a closed directory are as good as nothing there.
    return null
  }
}
