import { readdirSync, readFileSync } from 'node:fs'
import { isAbsence } from '../files.ts'
import type { Identity } from '../processes/table.ts'

/** Who a wrapper said it and its agent are; null for what it did not tell yet. */
export interface WrapperReport {
  readonly wrapper: Identity | null
  readonly agent: Identity | null
}

/** Reads what a wrapper writes: lines of `wrapper|agent PID TICKS BOOT_ID`. An unfinished line counts as none. */
export function parseReport(text: string): WrapperReport {
  return {
    wrapper: identityIn(text, /^wrapper (\d+) (\d*) (\S*)\n/m),
    agent: identityIn(text, /^agent (\d+) (\d*) (\S*)\n/m),
  }
}

function identityIn(text: string, line: RegExp): Identity | null {
  const found = line.exec(text)
  return found && { pid: Number(found[1]), start: String(found[2]), bootId: String(found[3]) }
}

/** What a state file says; nothing where it is gone. */
export function readState(file: string): WrapperReport {
  try {
    return parseReport(readFileSync(file, 'utf8'))
  } catch (error) {
    if (isAbsence(error)) return { wrapper: null, agent: null }
    throw error
  }
}

/** The agent's status, which a wrapper tells when it has written the trailer; null while it has not. */
export function readStatus(file: string): number | null {
  try {
    const ended = /^end (-?\d+)\n/m.exec(readFileSync(file, 'utf8'))?.[1]
    return ended === undefined ? null : Number(ended)
  } catch (error) {
    if (isAbsence(error)) return null
    throw error
  }
}

/** The run ids that have a state file there. */
export function listStates(dir: string): string[] {
  try {
    return readdirSync(dir).filter((name) => !name.includes('.'))
  } catch (error) {
    if (isAbsence(error)) return []
    throw error
  }
}
