import { spawn } from 'node:child_process'
import { once } from 'node:events'
import path from 'node:path'
import type { Test } from 'tap'
import { PROJECT } from './service.ts'

/** Runs a soak of `scripts` to its end, which must be a good one; what it told. */
export async function runSoak(t: Test, script: string, args: readonly string[]): Promise<string> {
  // Without what tap gives its children: what is killed there tells no coverage, and is tried elsewhere.
  const env = ['PATH', 'HOME', 'TEST_FILE_ID'].map((name) => `${name}=${process.env[name]}`)
  const command = [process.execPath, path.join(PROJECT, 'scripts', script), ...args]
  const child = spawn('env', ['-i', ...env, ...command], { stdio: ['ignore', 'pipe', 'pipe'] })
  t.teardown(() => child.kill())
  let output = ''
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk) => {
      output += chunk
    })
  const [status] = await once(child, 'close')
  t.equal(status, 0, output)
  return output
}
