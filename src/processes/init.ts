import { readFileSync } from 'node:fs'

/** How Node and what starts it call themselves, at the beginning of their names. */
const NO_INIT = /^(node|npm|npx|pnpm|yarn)\b/

/** What to do about a container without an init. */
export const INIT_REMEDY =
  'Start the container with an init: "docker run --init", "init: true", or tini as its entry point.'

/**
 * Says, where process 1 is no init, that processes which lose their parent stay as zombies; nothing else. The kernel hands
 * them to process 1 of their container, and Node waits for none but its own children (man 7 pid_namespaces).
 */
export function initWarnings(first: string): string[] {
  return NO_INIT.test(first)
    ? [`Process 1 is ${first}, and no init: processes that lose their parent stay as zombies.`]
    : []
}

/** What process 1 is called, as far as this one may see it; empty where nobody can tell. */
export function firstProcess(pid = process.pid, file = '/proc/1/comm'): string {
  if (pid === 1) return 'node'
  try {
    // So Node calls its first thread, which is what the kernel shows.
    return readFileSync(file, 'utf8')
      .trim()
      .replace(/^MainThread$/, 'node')
  } catch {
    return ''
  }
}
