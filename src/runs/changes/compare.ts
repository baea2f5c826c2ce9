import type { Shadow } from './shadow.ts'

/** What is between two moments of a work tree. */
export interface Difference {
  readonly files: number
  readonly added: number
  readonly removed: number
  /** As `git diff` writes it. */
  readonly diff: Buffer
  /** Whether it was longer. */
  readonly isCut: boolean
}

/** More is not kept, and not sent. */
const DIFF_BYTES = 4 * 1_048_576
/** Nothing differs. */
export const NO_DIFFERENCE: Difference = {
  files: 0,
  added: 0,
  removed: 0,
  diff: Buffer.alloc(0),
  isCut: false,
}
const SHORT = /^ (\d+) files? changed(?:, (\d+) insertions?\(\+\))?(?:, (\d+) deletions?\(-\))?\n\n?/

/** What was changed, committed or not, from a tree to what the shadow's index holds. @throws {Error} where git cannot tell */
export async function differenceOf({ git }: Shadow, tree: string): Promise<Difference> {
  const how = ['--cached', '-M', '--shortstat', '-p', '--no-ext-diff', '--no-textconv', '--no-color']
  const { output, isCut } = await git(['diff-index', ...how, tree], { mostBytes: DIFF_BYTES })
  const told = SHORT.exec(output.toString('latin1', 0, 200))
  // Where nothing differs there is not even a line that says so.
  if (!told) return NO_DIFFERENCE
  const [line, files, added = 0, removed = 0] = told
  const diff = output.subarray(line.length)
  return { files: Number(files), added: Number(added), removed: Number(removed), diff, isCut }
}

/** How many commits were added since then. @throws {Error} where git cannot tell */
export async function commitsSince({ git, head }: Shadow, before: string | null): Promise<number> {
  if (head === null || before === head) return 0
  const without = before === null ? [] : [`^${before}`]
  return Number((await git(['rev-list', '--count', head, ...without])).output.toString())
}
