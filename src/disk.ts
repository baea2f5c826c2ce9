import { statfsSync } from 'node:fs'
import { LooperError } from './errors.ts'

const MIB = 1_048_576

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
export function freeMb(dir: string): number {
  const { bavail, bsize } = statfsSync(dir)
  return Math.floor((bavail * bsize) / MIB)
}
