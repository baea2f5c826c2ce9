// Loaded first into each test file and all the processes of Node that it starts (.taprc). Half of the time of the tests was
// spent on what each of them did anew before it began.

import { hash } from 'node:crypto'
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { registerHooks, stripTypeScriptTypes } from 'node:module'
import path from 'node:path'
import { fileURLToPath } from 'node:url'

// tap records the modules that are loaded, and reads their source maps: not those of packages, its own among them. All but
// the first one: with it tap takes its place at the end of the process, which has to be before what comes next.
process.env._TAPJS_PROCESSINFO_EXCLUDE_ = String(
  /(^(node|tapmock):|[\\/](node_modules[\\/](?!@tapjs[\\/]typescript)|(\.tap|tap-snapshots)[\\/]))/,
)

// Types are stripped from a source once, and the result is kept: loading what strips them takes long. What runs is what Node
// makes of it by itself, to the byte, so that coverage is the same.

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

// By its whole name: what is started may be elsewhere.
const OPTION = `--import=${import.meta.url}`
const { NODE_OPTIONS = '' } = process.env
if (!NODE_OPTIONS.includes(OPTION)) {
  const others = NODE_OPTIONS.replace(/(^| )"?--import=\.\/test\/helpers\/light-start\.js"?/, '')
  process.env.NODE_OPTIONS = `${OPTION} ${others}`.trim()
}
