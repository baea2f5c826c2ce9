import { appendFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Test } from 'tap'
import type { Patience } from '../../src/app.ts'
import type { TokenCheck } from '../../src/http/tokens.ts'
import type { RunFinish } from '../../src/record/run-record.ts'
import { buildTestApp, NOW } from './app.ts'
import { intentOf } from './record.ts'

const END: RunFinish = {
  outcome: 'exited',
  returnCode: 3,
  cause: null,
  endedAt: NOW,
  outputBytes: 1,
  tokensUsed: null,
}

/** Nobody is waited for, or told of quiet, within a test. */
export const PATIENT: Patience = {
  requestMs: 30_000,
  headersMs: 10_000,
  checkMs: 1000,
  heartbeatMs: 60_000,
  drainMs: 60_000,
}

/** An app that listens, and runs on its record whose logs the test writes. */
export async function startLogApp(
  test: Test,
  patience: Partial<Patience> = {},
  tokens: TokenCheck | null = null,
) {
  const dir = test.testdir()
  const { app, ledger, events } = await buildTestApp(test, { tokens, patience: { ...PATIENT, ...patience } })
  const url = await app.listen({ host: '127.0.0.1', port: 0 })

  /** A run that lives; without a log it is still being announced. */
  function begin(runId: string, text: string | Buffer | null = '', agent = 'codex') {
    const file = path.join(dir, `${runId}.log`)
    ledger.begin(intentOf(runId, { agent, requestedAt: NOW }))
    const launch = (content: string | Buffer) => {
      writeFileSync(file, content)
      ledger.step(runId, { logPath: file })
      ledger.step(runId, { launchedAt: NOW })
    }
    if (text !== null) launch(text)
    return {
      runId,
      file,
      url: `${url}/runs/${runId}/log`,
      launch,
      write: (bytes: string | Buffer) => appendFileSync(file, bytes),
      finish: (end: Partial<RunFinish> = {}) => ledger.finish(runId, { ...END, ...end }),
    }
  }

  return { app, dir, url, ledger, events, begin }
}

/** How many descriptors of this process are open at a file, also one that was removed. */
export function descriptorsAt(file: string): number {
  let count = 0
  for (const name of readdirSync('/proc/self/fd')) {
    try {
      if (readlinkSync(`/proc/self/fd/${name}`).startsWith(file)) count++
    } catch {
      // The one that the listing itself used.
    }
  }
  return count
}
