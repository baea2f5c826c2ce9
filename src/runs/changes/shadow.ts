import { mkdir, readdir, rm, utimes, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Git, GitAnswer, GitCall } from './git.ts'
import { headOf } from './head.ts'
import { bytesOf, type Repository } from './repository.ts'
import { settingsFor } from './settings-file.ts'

/** What is looked at, with what, and for how long. */
export interface Looking {
  readonly git: Git
  readonly repository: Repository
  /** A directory of Looper's own, which no repository says anything about. */
  readonly dir: string
  /** The environment of the owner, which says where his settings of git are. */
  readonly owner: NodeJS.ProcessEnv
  /** Whether what git writes down of the work tree goes to the objects of the repository, to be kept there. */
  readonly isKept?: boolean
  readonly signal: AbortSignal
}

/** A work tree behind a directory of Looper's own. */
export interface Shadow {
  /** The commit that is checked out; null: there is none yet. */
  readonly head: string | null
  /** Runs git on the work tree. @throws {Error} */
  git(args: readonly string[], more?: Pick<GitCall, 'input' | 'mostBytes'>): Promise<GitAnswer>
}

const INDEX_BYTES = 512 * 1_048_576
const TEXT_BYTES = 1_048_576

/**
 * A directory of git's, outside of the repository, that shares its objects and has a copy of its index: git looks at the work
 * tree through it, writes into it alone, and sees none of the programs that the repository's settings name, as filters,
 * monitors of files, ways to compare, or hooks. Attributes in the work tree that ask for such a program find none.
 * @throws {Error} where the repository is broken, or not like any that is known
 */
export async function shadowOf({ git, repository, dir, owner, isKept, signal }: Looking): Promise<Shadow> {
  const { top, gitDir, commonDir } = repository
  const objects = path.join(commonDir, 'objects')
  if (objects.includes('\n')) throw new Error('the path of the repository has a line break')
  await mkdir(path.join(dir, 'objects', 'info'), { recursive: true, mode: 0o700 })
  await mkdir(path.join(dir, 'refs'), { recursive: true })
  await mkdir(path.join(dir, 'info'), { recursive: true })
  const head = await headOf(repository, git, signal)
  const written = [
    settingsFor(commonDir, owner).then((settings) => write('config', settings)),
    write('objects/info/alternates', `${objects}\n`),
    copy(path.join(commonDir, 'info', 'exclude'), 'info/exclude', TEXT_BYTES),
    copy(path.join(commonDir, 'shallow'), 'shallow', TEXT_BYTES),
    copyIndex(),
    // One that was killed left it behind.
    rm(path.join(dir, 'index.lock'), { force: true }),
  ]
  // Whoever removes the directory must not meet one that still writes.
  await Promise.allSettled(written)
  await Promise.all(written)
  await write('HEAD', `${head ?? 'ref: refs/heads/none'}\n`)
  return {
    head,
    git: (args, more) =>
      git({
        args: [`--git-dir=${dir}`, `--work-tree=${top}`, ...args],
        ...more,
        ...(isKept && { objects }),
        signal,
      }),
  }

  function write(name: string, text: string): Promise<void> {
    return writeFile(path.join(dir, name), text, { mode: 0o600 })
  }

  async function copy(from: string, name: string, mostBytes: number): Promise<void> {
    const found = await bytesOf(from, mostBytes)
    const to = path.join(dir, name)
    await rm(to, { force: true })
    if (found === null) return
    await writeFile(to, found.bytes, { mode: 0o600 })
    // What was written in the moment of the index is looked into, not only at: the copy must not seem younger.
    await utimes(to, 0, Math.floor(found.mtimeMs) / 1000)
  }

  /** An index may be in two parts. */
  async function copyIndex(): Promise<void> {
    const shared = (await readdir(gitDir)).filter((name) => /^sharedindex\.[0-9a-f]+$/.test(name))
    for (const part of ['index', ...shared]) await copy(path.join(gitDir, part), part, INDEX_BYTES)
  }
}
