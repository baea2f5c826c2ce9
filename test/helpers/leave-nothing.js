// Loaded into each test file before anything else (.taprc): whatever way the file ends, also at its timeout or by SIGKILL,
// nothing that it started lives on. Everything inherits a mark; a shell that does not have it waits for the end of this
// process, and then kills what carries the mark. Directories of tests go at the end of the file: tap by itself (.taprc) removes
// one before the teardowns of its test, while services still write there, and where that fails it runs no teardown at all.

import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { globSync, rmSync } from 'node:fs'
import path from 'node:path'

const MARK = 'TEST_FILE_ID'
const SWEEP = `
while read -r line; do :; done
while found=$(grep -lsz "^${MARK}=$1$" /proc/[0-9]*/environ); [ -n "$found" ]; do
  for file in $found; do
    file=\${file#/proc/}
    kill -9 "\${file%/environ}" 2>/dev/null
  done
  sleep 0.1
done`

if (process.platform === 'linux') {
  const id = randomUUID()
  const guard = spawn('/bin/sh', ['-c', SWEEP, 'sh', id], {
    cwd: '/',
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  })
  guard.unref()
  guard.stdin.unref()
  process.env[MARK] = id
}

const fixtures = path.resolve(
  '.tap/fixtures',
  path.relative('', process.argv[1] ?? '').replaceAll(/[^\w.-]+/g, '-'),
)

process.on('exit', () => {
  for (const dir of globSync(`${fixtures}{,-*}`)) {
    try {
      rmSync(dir, { recursive: true, force: true, maxRetries: 5 })
    } catch {
      // Whatever writes there ends now. The next test of this name begins with an empty one.
    }
  }
})
