import { mkdirSync, rmSync, writeFileSync } from 'node:fs'

/** The folder of a run's private files, beside its state file. */
export const dirOf = (statePath: string): string => `${statePath}.files`

/** Writes an agent's private files into the run's folder, for its owner only. @throws {Error} of Node's */
export function writeFiles(statePath: string, files: Readonly<Record<string, string>>): void {
  const all = Object.entries(files)
  if (all.length > 0) mkdirSync(dirOf(statePath), { mode: 0o700 })
  for (const [file, text] of all) writeFileSync(file, text, { mode: 0o600, flag: 'wx' })
}

/** Removes them. What cannot be removed stays, and nobody reads it again. */
export function removeFiles(statePath: string): void {
  try {
    rmSync(dirOf(statePath), { recursive: true, force: true })
    /* c8 ignore next 3: somebody closed the directory meanwhile */
  } catch {
    // What is in it was the agent's.
  }
}
