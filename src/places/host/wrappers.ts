import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { Socket } from 'node:net'
import path from 'node:path'

/** The shell script behind which every agent runs. */
export const WRAPPER = path.join(import.meta.dirname, 'wrapper.sh')

/**
 * Starts wrappers, and keeps one waiting: starting one forks the whole service, which takes longer than all the rest of a
 * launch. One that waits is a shell that has done nothing yet, and ends by itself when the service does.
 */
export interface Wrappers {
  /** The one that waits, if it has this environment, else a new one. @throws {Error} where the system refuses at once */
  take(env: NodeJS.ProcessEnv): Wrapper
  /** Starts the one that will be taken next, if none waits. Never throws. */
  prepare(env: NodeJS.ProcessEnv): void
  /** Ends the one that waits; none is prepared after that. */
  close(): Promise<void>
}

/** A wrapper that waits for its orders. Where the system refused to start it, it has no pid and emits `error`. */
export interface Wrapper {
  readonly child: ChildProcess
  /** False for one that has waited: somebody may have killed it meanwhile. */
  readonly isNew: boolean
}

/** Wrappers of the runs whose state files lie there; none waits at first. */
export function createWrappers(stateDir: string): Wrappers {
  let waiting: { readonly child: ChildProcess; readonly env: string } | null = null
  let isClosed = false

  function start(env: NodeJS.ProcessEnv): ChildProcess {
    return spawn('/bin/sh', [WRAPPER, stateDir], {
      // It must not keep a directory busy.
      cwd: '/',
      detached: true,
      env,
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
    })
  }

  return {
    take(env) {
      const found = waiting
      waiting = null
      if (found) {
        const { child } = found
        // Somebody may have stopped it while it waited.
        if (found.env === JSON.stringify(env) && child.kill('SIGCONT')) {
          pipeOf(child)?.ref()
          return { child, isNew: false }
        }
        pipeOf(child)?.destroy()
      }
      return { child: start(env), isNew: true }
    },
    prepare(env) {
      if (waiting || isClosed) return
      try {
        const child = start(env)
        waiting = { child, env: JSON.stringify(env) }
        child.unref()
        pipeOf(child)?.unref()
        const forget = () => {
          if (waiting?.child === child) waiting = null
        }
        child.once('exit', forget)
        child.once('error', forget)
      } catch {
        // Whoever needs it will start it, and be told why it does not start.
      }
    },
    async close() {
      isClosed = true
      const child = waiting?.child
      if (!child) return
      child.ref()
      const exit = once(child, 'exit')
      child.kill('SIGKILL')
      await exit
    },
  }
}

/** Where a wrapper reads its orders and tells what becomes of them; null where it was not started. */
export function pipeOf(child: ChildProcess): Socket | null {
  const pipe = child.pid === undefined ? null : child.stdio[3]
  return pipe instanceof Socket ? pipe : null
}
