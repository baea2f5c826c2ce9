import { IDLE, type Loop, NO_STEPS, type Round } from '../../src/triggers/loop/records.ts'

/** A loop on the record of which nothing else is known. */
export const loopOf = (known: Partial<Loop> = {}): Loop => ({
  name: 'default',
  definition: { user: 'analyze and act' },
  ...IDLE,
  ...known,
})

/** A round on the record of which nothing else is known. */
export const roundOf = (known: Partial<Round> = {}): Round => ({
  id: 1,
  iteration: 1,
  startedAt: 0,
  hint: '',
  ...NO_STEPS,
  ...known,
})
