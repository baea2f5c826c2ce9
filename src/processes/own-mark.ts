import { readFileSync } from 'node:fs'
import { limitOf, mayMark } from './mark.ts'

/**
 * The limit that marks what this process starts, as {@link limitOf} has it; empty where the system forbids it: what it starts
 * begins with its own limits.
 */
export function ownMark(runId: string, stateDir: string): string {
  try {
    return mayMark(readFileSync('/proc/self/limits', 'utf8')) ? limitOf(runId, stateDir) : ''
    /* c8 ignore start: systems without /proc */
  } catch {
    return ''
  }
  /* c8 ignore stop */
}
