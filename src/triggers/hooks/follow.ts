import { LooperError, messageOf } from '../../base/errors.ts'
import { stampOf } from '../../base/stamp.ts'
import { HOOKS_UNUSABLE } from './errors.ts'
import { type Hook, readHooks, secretsOf } from './hooks-file.ts'

/** A hook, and what its deliveries are verified by. */
export interface UsableHook {
  readonly hook: Hook
  readonly secrets: readonly string[]
}

/** The hooks of a file, which is looked at for each delivery, so that a change counts at once. */
export interface Hooks {
  /** Null where there is none of that name. @throws {LooperError} `LOOPER_HOOKS_UNUSABLE` */
  find(name: string): UsableHook | null
}

/** What is wrong, with the whole file or with one hook. */
export interface HookProblem {
  readonly hook?: string
  readonly error: string
}

/**
 * Follows a hooks file. One that became unreadable or wrong keeps its last good state, and so does a hook that lost its
 * secret; `complain` is told. A file that was removed has no hooks.
 */
export function followHooks(
  file: string,
  env: NodeJS.ProcessEnv,
  complain: (problem: HookProblem) => void,
): Hooks {
  /** Null: the file never was usable, or is gone. A hook that is null never was. */
  let known: ReadonlyMap<string, UsableHook | null> | null = null
  let stamp: string | null = null
  let complaint = ''
  refresh()

  function refresh(): void {
    try {
      const seen = stampOf(file)
      if (seen !== null && seen === stamp) return
      // Whoever removes the file takes its hooks back.
      if (seen === null) known = stamp = null
      known = read(known)
      stamp = seen
      complaint = ''
    } catch (error) {
      const message = messageOf(error)
      const what = known ? 'the hooks file cannot be used, so the hooks from before stay valid: ' : ''
      // It is read at each delivery until it can be; one line in the log is enough.
      if (message !== complaint) complain({ error: what + message })
      complaint = message
    }
  }

  function read(before: typeof known): ReadonlyMap<string, UsableHook | null> {
    const hooks = new Map<string, UsableHook | null>()
    for (const [name, hook] of readHooks(file)) {
      try {
        hooks.set(name, { hook, secrets: secretsOf(hook, env) })
      } catch (error) {
        const last = before?.get(name) ?? null
        const what = last ? 'the hook cannot be used, so it stays as it was: ' : ''
        complain({ hook: name, error: what + messageOf(error) })
        hooks.set(name, last)
      }
    }
    return hooks
  }

  return {
    find(name) {
      refresh()
      const found = known === null ? null : known.get(name)
      if (found === null) throw new LooperError(HOOKS_UNUSABLE, 'the hooks file cannot be used')
      return found ?? null
    },
  }
}
