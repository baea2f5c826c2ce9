// Loaded into each test file and all that it starts (.taprc): types are stripped from a source once, and the result is kept.
// Loading what strips them takes a good part of each start, and the tests start some thousand processes. What runs is what
// Node makes of it by itself, to the byte: also coverage is the same.

import { hash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { registerHooks, stripTypeScriptTypes } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

const PLACE = path.resolve(import.meta.dirname, '../../node_modules/.cache/looper-stripped', process.version)

/** Node warns that this function is experimental; of what it does by itself it does not. */
function strip(source, url) {
  const { emitWarning } = process
  process.emitWarning = () => {}
  try {
    return stripTypeScriptTypes(source, { sourceUrl: url })
  } finally {
    process.emitWarning = emitWarning
  }
}

/** Whole or not at all, as many write here at once; a service that runs as somebody else may not, and goes without. */
function keep(file, text) {
  try {
    mkdirSync(PLACE, { recursive: true })
    writeFileSync(`${file}.${process.pid}`, text)
    renameSync(`${file}.${process.pid}`, file)
  } catch {}
}

registerHooks({
  load(url, context, next) {
    if (context.format !== 'module-typescript') return next(url, context)
    const source = readFileSync(fileURLToPath(url), 'utf8')
    const file = path.join(PLACE, hash('sha256', url + source))
    let stripped
    try {
      stripped = readFileSync(file, 'utf8')
    } catch {
      stripped = strip(source, url)
      keep(file, stripped)
    }
    return { format: 'module', source: stripped, shortCircuit: true }
  },
})

const { NODE_OPTIONS = '' } = process.env
const OPTION = `--import=${import.meta.url}`
if (!NODE_OPTIONS.includes(OPTION)) process.env.NODE_OPTIONS = `${NODE_OPTIONS} ${OPTION}`
