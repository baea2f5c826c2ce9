import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import t from 'tap'
import { isInRepository, refusalOf } from '../../src/agents/codex-workspace.ts'

t.test('only the real codex is known to refuse what is no git repository', async (t) => {
  // Not below the project, which is a repository.
  const dir = mkdtempSync(path.join(os.tmpdir(), 'looper-codex-'))
  t.teardown(() => rmSync(dir, { recursive: true }))
  for (const name of ['plain', 'bin', 'package/@openai/codex'])
    mkdirSync(path.join(dir, name), { recursive: true })
  writeFileSync(path.join(dir, 'package/@openai/codex/codex.js'), '#!/usr/bin/env node')
  const program = (name: string, begin: Buffer | string) => {
    writeFileSync(path.join(dir, 'bin', name), begin)
    return path.join(dir, 'bin', name)
  }
  const plain = path.join(dir, 'plain')
  const npms = path.join(dir, 'bin/npms')
  symlinkSync('../package/@openai/codex/codex.js', npms)
  const native = Buffer.from('7f454c46020101', 'hex')
  const sentence = `workspace is no git repository, so codex refuses to work there: ${plain}; run "git init" in it`
  t.equal(isInRepository(plain), false)
  for (const real of [npms, program('codex', native), program('codex-x86_64', native)]) {
    t.equal(refusalOf(plain, real), sentence, real)
  }
  for (const other of [
    program('codex-wrapper', '#!/bin/sh'),
    program('mine', native),
    path.join(dir, 'none'),
  ]) {
    t.equal(refusalOf(plain, other), null, other)
  }
  mkdirSync(path.join(plain, '.git'))
  t.equal(refusalOf(plain, npms), sentence, 'an empty .git is none')
  writeFileSync(path.join(plain, '.git/HEAD'), '')
  mkdirSync(path.join(plain, 'deep/down'), { recursive: true })
  t.equal(refusalOf(path.join(plain, 'deep/down'), npms), null)
})
