import type { Shadow } from '../../runs/changes/shadow.ts'

/** What becomes of a file. */
export const FILE_CHANGES = ['added', 'changed', 'removed'] as const

/** A file that is different. */
export interface FileChange {
  /** From the top of the work tree; each character is a byte of its name. */
  readonly name: string
  readonly change: (typeof FILE_CHANGES)[number]
}

/** What a work tree that is staged in its shadow would have to change to become a commit's. What is in submodules does not count. @throws {Error} where git cannot tell, or that is too much */
export async function changesTo(commit: string, { git }: Shadow): Promise<readonly FileChange[]> {
  const how = ['-R', '--cached', '--no-renames', '--ignore-submodules=all', '--name-status', '-z']
  const { output, isCut } = await git(['diff-index', ...how, commit])
  if (isCut) throw new Error('too many files differ from the checkpoint')
  const words = output.toString('latin1').split('\0')
  return words.flatMap((letter, at) =>
    at % 2 === 1 || letter === ''
      ? []
      : { change: CHANGE_OF[letter] ?? 'changed', name: String(words[at + 1]) },
  )
}

const CHANGE_OF: Readonly<Record<string, FileChange['change']>> = { A: 'added', D: 'removed' }
