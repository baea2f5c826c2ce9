import { spawnSync } from 'node:child_process'
import { mkdtempSync, realpathSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import type { Test } from 'tap'
import { findGit } from '../../src/runs/changes/find-git.ts'

/** What some run changed. */
export const CHANGED = {
  headBefore: 'a',
  headAfter: 'b',
  commits: 3,
  files: 4,
  added: 120,
  removed: 44,
  dirtyBefore: 0,
  dirtyAfter: 1,
  leftOut: 0,
  isDiffCut: false,
} as const

/** The git of this machine; null where there is none. */
export const GIT = findGit({ projectDir: '/', home: '/', searchPath: process.env.PATH })

/** Why what needs git is not tried; false where it is there. */
export const NO_GIT = GIT === null ? 'there is no git on this machine' : false

/** Runs git as a person would, and returns what it says; with the settings of a repository, and what they name. */
export function git(dir: string, ...args: readonly string[]): string {
  const env = {
    PATH: process.env.PATH,
    HOME: '/nonexistent',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'a',
    GIT_AUTHOR_EMAIL: 'a@example.com',
    GIT_COMMITTER_NAME: 'a',
    GIT_COMMITTER_EMAIL: 'a@example.com',
  }
  const { status, stdout, stderr } = spawnSync(String(GIT), ['-C', dir, ...args], { env, encoding: 'utf8' })
  if (status !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`)
  return stdout.trim()
}

/** A directory that lies in no repository: tests' own ones lie in that of the project. */
export function freeDir(test: Test): string {
  const dir = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'looper-git-')))
  test.teardown(() => rmSync(dir, { recursive: true, force: true }))
  return dir
}

/** Lets what follows in a shell commit as somebody. */
export const AS_SOMEBODY =
  'export GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@b GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@b;'
