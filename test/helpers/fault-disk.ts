import { spawnSync } from 'node:child_process'
import { closeSync, mkdtempSync, openSync, rmdirSync, rmSync, writeSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Test } from 'tap'
import { errnoOf } from '../../src/base/errors.ts'

/** A file system of its own, or why there can be none. */
export type SmallDisk =
  | { readonly kind: 'disk'; readonly dir: string; fill(): void; free(): void; readOnly(): void }
  | { readonly kind: 'none'; readonly why: string }

const CHUNK_BYTES = 65_536

/** Mounts a small tmpfs, to the end of the test. Needs root on Linux. @param at an empty directory; left out: one of its own */
export function mountSmallDisk(test: Test, sizeMb: number, at?: string): SmallDisk {
  const disk = openSmallDisk(sizeMb, at)
  if (disk.kind === 'disk') test.teardown(disk.close)
  return disk
}

/** The same for whoever closes it. */
export function openSmallDisk(
  sizeMb: number,
  dir = mkdtempSync(path.join(os.tmpdir(), 'looper-disk-')),
): SmallDisk & { readonly close: () => void } {
  const mount = (options: string) =>
    spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', dir], { encoding: 'utf8' })
  const { status, stderr, error } = mount(`size=${sizeMb}m`)
  if (status !== 0) {
    rmdirSync(dir)
    const why = `cannot mount a tmpfs here: ${error?.message ?? stderr.trim()}`
    return { kind: 'none', why, close: () => undefined }
  }
  const filler = path.join(dir, 'filler')
  return {
    kind: 'disk',
    dir,
    fill: () => fillUp(filler),
    free: () => rmSync(filler, { force: true }),
    readOnly: () => {
      mount(`remount,ro,size=${sizeMb}m`)
    },
    close() {
      // Lazily: what still has a file open there must not keep the mount.
      spawnSync('umount', ['-l', dir])
      rmdirSync(dir)
    },
  }
}

/** Writes a file until the disk is full to the last byte. */
function fillUp(file: string): void {
  const fd = openSync(file, 'a')
  const zeros = Buffer.alloc(CHUNK_BYTES)
  try {
    for (let bytes = CHUNK_BYTES; bytes >= 1; bytes = bytes >> 1) {
      try {
        for (;;) writeSync(fd, zeros, 0, bytes)
      } catch (error) {
        if (errnoOf(error) !== 'ENOSPC') throw error
      }
    }
  } finally {
    closeSync(fd)
  }
}
