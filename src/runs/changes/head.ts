import path from 'node:path'
import type { Git } from './git.ts'
import { bytesOf, type Repository } from './repository.ts'

const REF_BYTES = 4096
const PACKED_BYTES = 64 * 1_048_576
const ID = /^[0-9a-f]{40}([0-9a-f]{24})?$/
/** What stands for all branches where they are kept in another form. */
const ELSEWHERE = 'refs/heads/.invalid'

/** The commit that is checked out; null: there is none yet. A look at a file or two, and no process but where branches are kept in a newer form. @throws {Error} */
export async function headOf(
  { gitDir, commonDir }: Repository,
  git: Git,
  signal: AbortSignal,
): Promise<string | null> {
  const head = await lineOf(path.join(gitDir, 'HEAD'))
  if (ID.test(head)) return head
  const name = /^ref: (refs\/.+)$/.exec(head)?.[1]
  if (name === undefined) throw new Error(`${gitDir} has no HEAD`)
  if (name === ELSEWHERE) {
    const args = [`--git-dir=${gitDir}`, 'rev-parse', '-q', '--verify', 'HEAD']
    return idIn((await git({ args, signal })).output.toString())
  }
  for (const dir of [gitDir, commonDir]) {
    const id = idIn(await lineOf(path.join(dir, name)))
    if (id !== null) return id
  }
  const packed = await bytesOf(path.join(commonDir, 'packed-refs'), PACKED_BYTES)
  const line = packed?.bytes
    .toString('utf8')
    .split('\n')
    .find((one) => one.endsWith(` ${name}`))
  return idIn(line?.split(' ')[0] ?? '')
}

const idIn = (text: string) => (ID.test(text.trim()) ? text.trim() : null)

async function lineOf(file: string): Promise<string> {
  return (await bytesOf(file, REF_BYTES))?.bytes.toString('utf8').trim() ?? ''
}
