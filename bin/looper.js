#!/usr/bin/env node
// Starts the `looper` command: in a checkout from its sources, in a package from what was compiled of them. In words that
// an old Node knows, so that it can be told as such.
// biome-ignore lint/style/useNodejsImportProtocol: an old Node knows no such names.
import { existsSync } from 'fs'

const source = new URL('../src/cli.ts', import.meta.url)
const compiled = new URL('../dist/cli.js', import.meta.url)

/* c8 ignore start: a checkout goes one way only; the test of the package goes the others, from another place */
const isCheckout = existsSync(source)
const canRun = isCheckout ? process.features.typescript : 'getBuiltinModule' in process
if (canRun) {
  void import(isCheckout ? source.href : compiled.href)
} else {
  const needed = isCheckout ? '24.2' : '20.16'
  const way = isCheckout
    ? ', or start it as "npx looper", which uses the one that "npm ci --include=dev --ignore-scripts=false" installed'
    : ''
  process.stderr.write(
    `looper: Node ${process.versions.node} is too old; use Node ${needed} or newer${way}\n`,
  )
  process.exitCode = 1
}
/* c8 ignore stop */
