import { truncateSync, utimesSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { RunIntent } from '../../src/record/run-record.ts'

/** A launch as it comes on the record, where the test does not care about more than its id. */
export const intentOf = (runId: string, more: Partial<RunIntent> = {}): RunIntent => ({
  runId,
  requestId: '0a1b2c3d',
  trigger: 'http',
  caller: null,
  agent: 'codex',
  model: null,
  slot: 'default',
  sharesWorkspace: false,
  name: 'a run',
  workspace: '/repo',
  prompt: 'go',
  binary: '/usr/bin/codex',
  timeoutMs: 0,
  stallMs: 0,
  requestedAt: 1_000,
  ...more,
})

/** The name of a run's log, as a launch makes it. */
export const logNameOf = (requestId: string) => `codex-exec-20260102-030405-${requestId}.log`

/** Puts files of a size and an age into a directory. @returns the path; `at`: milliseconds since the epoch */
export const putInto =
  (dir: string) =>
  (name: string, at: number, bytes = 4): string => {
    const file = path.join(dir, name)
    writeFileSync(file, 'text')
    truncateSync(file, bytes)
    utimesSync(file, new Date(at), new Date(at))
    return file
  }
