import '../src/node-version.cjs'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { referenceFiles } from './reference/files.ts'

/** Writes anew what outsiders rely on, as text; a difference that nobody meant shows in `git diff`. */

const PROJECT = path.resolve(import.meta.dirname, '..')
const dir = mkdtempSync(path.join(os.tmpdir(), 'looper-reference-'))
try {
  for (const [file, text] of await referenceFiles(PROJECT, dir)) writeFileSync(path.join(PROJECT, file), text)
} finally {
  rmSync(dir, { recursive: true })
}
