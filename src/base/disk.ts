import { statfsSync } from 'node:fs'
import { LooperError } from './errors.ts'

const MIB = 1_048_576

/** What is free on a file system; blocks of `frsize` bytes. */
interface Space {
  readonly bavail: number
  readonly bsize: number
  readonly frsize?: number
}

/**
 * Refuses where a directory's file system has less free space than that, before anything is done.
 * @throws {LooperError} `LOOPER_DISK_FULL`
 */
export function checkFreeSpace(dir: string, minFreeMb: number): void {
  const free = freeMb(dir)
  if (free < minFreeMb) {
    throw new LooperError(
      'LOOPER_DISK_FULL',
      `only ${free} MB are free in ${dir}, and ${minFreeMb} are needed`,
    )
  }
}

/** Whole mebibytes that this user may still write there. */
export function freeMb(dir: string, look: (dir: string) => Space = statfsSync): number {
  const { bavail, bsize, frsize } = look(dir)
  // Blocks are counted in fragments (statvfs(3)), which file systems in user space may have smaller. An older Node does not
  // tell them.
  return Math.floor((bavail * (frsize || bsize)) / MIB)
}
