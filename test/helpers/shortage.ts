import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { Test } from 'tap'

/**
 * Leaves a process no descriptor to open, as a flood of connections does, to the end of the test or until the returned
 * function is called. What is open stays open. Linux, with `prlimit` (util-linux).
 */
export async function exhaustDescriptors(test: Test, pid: number): Promise<() => Promise<void>> {
  const soft = /^Max open files\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8'))?.[1]
  const code = `prlimit --pid ${pid} --nofile=3: && echo done; read -r _; prlimit --pid ${pid} --nofile=${soft}:`
  // Started before: whoever has no descriptors starts nothing.
  const child = spawn('/bin/sh', ['-c', code], { stdio: ['pipe', 'pipe', 'inherit'] })
  const exit = once(child, 'exit')
  await once(child.stdout, 'data')
  const restore = async () => {
    child.stdin.end()
    await exit
  }
  test.teardown(restore)
  return restore
}
