import { readdirSync, writeFileSync } from 'node:fs'
import type { Logger } from 'pino'
import { messageOf } from '../../base/errors.ts'
import { isAbsence, removeFile } from '../../base/files.ts'
import { readPlain } from '../../base/plain-file.ts'
import type { Identity } from '../../processes/table.ts'
import type { Word } from '../place.ts'

/** Who a wrapper said it and its agent are; null for what it did not tell yet. */
export type WrapperReport = Pick<Word, 'wrapper' | 'agent'>

/** More bytes than a wrapper ever tells. */
const ROOM_BYTES = 256
/** Where somebody else wrote into it, the rest is not read. */
const MOST_BYTES = 4096

/**
 * Makes the state file with room for all that its wrapper will tell, so that a disk that is full by then takes no word of it.
 * @throws {Error} of Node's
 */
export function makeState(file: string): void {
  writeFileSync(file, ' '.repeat(ROOM_BYTES), { mode: 0o600 })
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

/**
 * Reads the agent's status, which a wrapper tells as `status N` at once and as `end N` when the log is complete; a wrapper
 * from before an update may tell only the latter. Null while it told nothing.
 */
export function parseStatus(text: string): number | null {
  const told = /^(?:status|end) (-?\d+)\n/m.exec(text)?.[1]
  return told === undefined ? null : Number(told)
}

/** Whether a wrapper has told that the log is complete. */
export const parseEnd = (text: string): boolean => /^end -?\d+\n/m.test(text)

/** What a wrapper wrote; nothing where its state file is gone, or something else stands in its place. @throws {Error} of Node's */
const textOf = (file: string) => readPlain(file, MOST_BYTES) ?? ''

/** All that a wrapper has told. @throws {Error} where nobody can say at the moment */
export function readState(file: string): Word {
  const text = textOf(file)
  return { ...parseReport(text), status: parseStatus(text), isComplete: parseEnd(text) }
}

/** The run ids that have a state file there. @throws {Error} where nobody can say at the moment */
export function listStates(dir: string): string[] {
  try {
    const entries = readdirSync(dir, { withFileTypes: true })
    return entries.filter((entry) => entry.isFile() && !entry.name.includes('.')).map(({ name }) => name)
  } catch (error) {
    if (isAbsence(error)) return []
    throw error
  }
}

/** Removes a state file that is needed no more; where that fails it is told, and no matter. */
export function removeState(file: string, logger: Logger): void {
  try {
    removeFile(file)
  } catch (error) {
    logger.error({ error: messageOf(error) }, 'run.state.fail')
  }
}
