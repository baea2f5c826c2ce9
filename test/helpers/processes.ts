import { readdirSync, readFileSync } from 'node:fs'
import { errnoOf } from '../../src/base/errors.ts'

/** The pids whose environment holds this text, zombies left out. */
export function carriers(text: string): number[] {
  const found: number[] = []
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      if (!readFileSync(`/proc/${name}/environ`, 'latin1').includes(text)) continue
      if (!/\) [ZX] /.test(readFileSync(`/proc/${name}/stat`, 'latin1'))) found.push(Number(name))
    } catch {
      // It ended while we looked.
    }
  }
  return found
}

/** Ends, without asking, what carries this text in its environment. */
export function killCarriers(text: string): void {
  for (const pid of carriers(text)) {
    try {
      process.kill(pid, 'SIGKILL')
    } catch (error) {
      if (errnoOf(error) !== 'ESRCH') throw error
    }
  }
}

/** The run id of a run, as its log's command shows it. */
export function runIdOf(command: string): string {
  const id = /LOOPER_RUN_ID=([\w-]+)/.exec(command)?.[1]
  if (!id) throw new Error(`no run id in: ${command}`)
  return id
}
