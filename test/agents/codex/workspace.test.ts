import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import t, { type Test } from 'tap'
import { isInRepository, refusalOf } from '../../../src/agents/codex/workspace.ts'

const NPMS = path.resolve(import.meta.dirname, '../../../node_modules/.bin/codex')

/** A directory outside of any repository: this very project is one. */
function outside(test: Test): string {
  const dir = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'looper-workspace-')))
  test.teardown(() => rmSync(dir, { recursive: true }))
  return dir
}

t.test('a repository is what codex takes for one, in the directory or above it', async (t) => {
  const dir = outside(t)
  const make = (name: string, entry: string, text?: string) => {
    const file = path.join(dir, name, entry)
    mkdirSync(text === undefined ? file : path.dirname(file), { recursive: true })
    if (text !== undefined) writeFileSync(file, text)
    return path.join(dir, name)
  }
  const link = (name: string, entry: string, target: string) => {
    mkdirSync(path.dirname(path.join(dir, name, entry)), { recursive: true })
    symlinkSync(target, path.join(dir, name, entry))
    return path.join(dir, name)
  }
  const real = make('real', '.git/HEAD', 'ref: refs/heads/main\n')
  mkdirSync(path.join(real, 'deep/down'), { recursive: true })
  for (const repository of [
    real,
    path.join(real, 'deep/down'),
    path.join(real, '.git'),
    make('worktree', '.git', 'gitdir: /elsewhere\n'),
    make('empty-file', '.git', ''),
    make('odd-head', '.git/HEAD/dir'),
    link('linked', '.git', path.join(real, '.git')),
    make('real/inner', '.git'),
  ]) {
    t.equal(isInRepository(repository), true, repository)
  }
  for (const none of [
    dir,
    make('plain', 'deep'),
    make('empty', '.git'),
    make('bare', 'HEAD', 'ref: refs/heads/main\n'),
    make('mercurial', '.hg'),
    link('dangling', '.git', '/no/such/thing'),
    link('dangling-head', '.git/HEAD', '/no/such/thing'),
  ]) {
    t.equal(isInRepository(none), false, none)
  }
})

t.test('the refusal names the directory and the remedy, and is told of the real codex only', async (t) => {
  const dir = outside(t)
  t.equal(
    refusalOf(dir, NPMS),
    `workspace is no git repository, so codex refuses to work there: ${dir}; run "git init" in it`,
  )
  t.equal(refusalOf(dir, '/bin/sh'), null)
  writeFileSync(path.join(dir, '.git'), 'gitdir: /elsewhere\n')
  t.equal(refusalOf(dir, NPMS), null)
})
