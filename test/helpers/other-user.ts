import { spawnSync } from 'node:child_process'
import { chmodSync, chownSync, copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Test } from 'tap'
import { PROJECT, textOf } from './service.ts'

/** Who the service is in such a test: `nobody`, and nobody's group. */
export const SERVICE_USER = { uid: 65_534, gid: 65_534 }
/** What its agents become: a user of no name, without any right. */
export const OTHER_UID = 65_533

/** A place where a service of one user can start processes of another, as it could through sudo. */
export interface TwoUsers {
  readonly dir: string
  /** The shell words before a command that is to run as the other user. */
  readonly as: string
}

/**
 * Makes such a place, or says why it cannot be had here. The program that changes the user is a copy of `setpriv` that
 * belongs to the other user, and that only the service's group may run: nobody gains a right by it.
 */
export function twoUsers(test: Test): TwoUsers | string {
  if (process.getuid?.() !== 0) return 'it takes root to be two users'
  const found = (process.env.PATH ?? '').split(':').map((dir) => path.join(dir, 'setpriv'))
  const setpriv = found.find((file) => spawnSync(file, ['--version']).status === 0)
  if (!setpriv) return 'setpriv (util-linux) is not installed'
  const dir = mkdtempSync(path.join(tmpdir(), 'looper-two-users-'))
  test.teardown(() => rmSync(dir, { recursive: true, force: true }))
  chownSync(dir, SERVICE_USER.uid, SERVICE_USER.gid)
  chmodSync(dir, 0o755)
  const hop = path.join(dir, 'hop')
  copyFileSync(setpriv, hop)
  chownSync(hop, OTHER_UID, SERVICE_USER.gid)
  chmodSync(hop, 0o4750)
  const as = `${hop} --reuid=${OTHER_UID}`
  const probe = `test -r '${path.join(PROJECT, 'src/main.ts')}' && '${process.execPath}' --version && ${as} id -ru`
  const { stdout } = spawnSync('/bin/sh', ['-c', probe], { ...SERVICE_USER, encoding: 'utf8' })
  return stdout.endsWith(`\n${OTHER_UID}\n`)
    ? { dir, as }
    : 'another user cannot run this project, or no setuid'
}

/** The user of a process; null where it is gone. */
export function uidOf(pid: number): number | null {
  const uid = /^Uid:\s+(\d+)/m.exec(textOf(`/proc/${pid}/status`))?.[1]
  return uid === undefined || /^State:\s+Z/m.test(textOf(`/proc/${pid}/status`)) ? null : Number(uid)
}
