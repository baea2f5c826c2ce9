import { NO_ROUNDS } from '../../src/triggers/loop/governor.ts'
import type { Loop, Round } from '../../src/triggers/loop/records.ts'

/** A loop on the record of which nothing else is known. */
export const loopOf = (known: Partial<Loop> = {}): Loop => ({
  name: 'default',
  definition: { user: 'analyze and act' },
  state: 'idle',
  wish: null,
  cause: null,
  why: null,
  untoldAt: null,
  startedAt: null,
  iteration: 0,
  runId: null,
  tally: NO_ROUNDS,
  dueAt: 0,
  lastOutput: '',
  monitorOutput: '',
  hint: '',
  lastRunId: null,
  ...known,
})

/** A round on the record of which nothing else is known. */
export const roundOf = (known: Partial<Round> = {}): Round => ({
  id: 1,
  iteration: 1,
  startedAt: 0,
  hint: '',
  monitorOutput: null,
  gate: null,
  gateOutput: null,
  sentWorking: null,
  requestId: null,
  runId: null,
  prompt: null,
  endedAt: null,
  response: null,
  error: null,
  verdict: null,
  tokens: 0,
  costUsd: 0,
  isChanged: null,
  ...known,
})
