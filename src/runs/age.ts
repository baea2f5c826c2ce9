import type { Identity, ProcessTable } from '../processes/table.ts'

/** What a start counts: clock ticks, a hundred a second wherever Node runs on Linux (USER_HZ, time(7)); `ps` tells seconds. */
const UNIT_MS: Readonly<Record<ProcessTable['kind'], number>> = { proc: 10, ps: 1000 }

/**
 * How long a process has run, in whole milliseconds; null where its start is not known. Measured from its start to that of this
 * very process, so that on Linux no clock that was set meanwhile changes it; the time that the machine slept counts.
 */
export async function ageMs(identity: Identity, table: ProcessTable): Promise<number | null> {
  const self = await table.inspect(process.pid)
  if (!self?.start || !identity.start || identity.bootId !== table.bootId) return null
  const beforeMs = (Number(self.start) - Number(identity.start)) * UNIT_MS[table.kind]
  return Math.max(0, Math.round(beforeMs + process.uptime() * 1000))
}
