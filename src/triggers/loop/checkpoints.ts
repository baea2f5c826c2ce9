import { rm } from 'node:fs/promises'
import path from 'node:path'
import { counted } from '../../base/counted.ts'
import { messageOf } from '../../base/errors.ts'
import { gitNow, type LookingDeps } from '../../runs/changes/looking.ts'
import { createLooks } from '../../runs/changes/looks.ts'
import { repositoryOf } from '../../runs/changes/repository.ts'
import { type Shadow, shadowOf } from '../../runs/changes/shadow.ts'
import { ALL_BYTES, stage } from '../../runs/changes/snapshot.ts'
import { type CheckpointRefs, checkpointRefs } from './checkpoint-refs.ts'

/** What is to be kept of a work tree. */
export interface Wanted {
  readonly loop: string
  /** In the work tree, or its top. */
  readonly workspace: string
  /** Of the checkpoint; one of the same name is replaced. */
  readonly name: string
  /** What its commit says. */
  readonly message: string
}

/**
 * The work trees of loops, kept as commits in their repositories: all files that are not ignored. The index, HEAD, branches and
 * the stash are not touched, and no hook and no program is run that a repository names.
 */
export interface Checkpoints {
  /** Keeps a work tree as it is now, within 20 s. @returns the commit @throws {Error} saying why it cannot be kept, whole */
  take(wanted: Wanted, signal: AbortSignal): Promise<string>
}

/** In milliseconds. */
const LIMIT_MS = 20_000
/** Nobody in particular: whoever works in the repository need not have said his name. */
const AUTHOR = ['-c', 'user.name=Looper', '-c', 'user.email=looper@localhost']

/** A work tree that is looked at. */
interface Looked {
  readonly top: string
  readonly shadow: Shadow
  readonly refs: CheckpointRefs
}

/** None is taken yet. */
export function createCheckpoints(deps: LookingDeps): Checkpoints {
  const { dir, env, clock, logger, hurry } = deps
  const { look } = createLooks(clock, hurry)

  const within = <T>(
    key: string,
    { loop, workspace }: Pick<Wanted, 'loop' | 'workspace'>,
    signal: AbortSignal,
    work: (looked: Looked) => Promise<T>,
  ) =>
    look(key, LIMIT_MS, async (given) => {
      const both = AbortSignal.any([signal, given])
      const git = gitNow(deps)
      const repository = await repositoryOf(workspace, env.GIT_CEILING_DIRECTORIES)
      if (repository === null) throw new Error(`${workspace} lies in no git work tree`)
      const own = path.join(dir, key)
      try {
        const looking = { git, repository, dir: own, owner: env, isKept: true, signal: both }
        const refs = checkpointRefs(loop, repository.gitDir, git, both)
        return await work({ top: repository.top, shadow: await shadowOf(looking), refs })
      } finally {
        // What was ended at this moment may still write there.
        await rm(own, { recursive: true, force: true, maxRetries: 5 })
      }
    })

  return {
    take: (wanted, signal) =>
      within(wanted.loop, wanted, signal, async (looked) => {
        await stageAll(looked)
        const commit = await keep(looked, wanted)
        await looked.refs.prune().catch((error: unknown) => {
          logger.warn({ loop: wanted.loop, error: messageOf(error) }, 'loop.checkpoint.prune.fail')
        })
        return commit
      }),
  }
}

/** @throws {Error} where not all of the work tree can be kept: half of it, restored, would be something that never was */
async function stageAll({ shadow, top }: Looked): Promise<void> {
  const { leftOut } = await stage(shadow, top, ALL_BYTES)
  if (leftOut === 0) return
  const most = ALL_BYTES / 1_048_576
  throw new Error(
    `${counted(leftOut, 'file')} cannot be kept: more than ${most} MiB or 20,000 files differ from the commit, or they cannot be read; what need not be kept belongs in .gitignore`,
  )
}

/** Keeps what is staged. */
async function keep({ shadow, refs }: Looked, { name, message }: Wanted): Promise<string> {
  const tree = await idFrom(shadow, ['write-tree', '--missing-ok'])
  // So that the commits of the agent are kept, too, whatever becomes of its branch.
  const parents = shadow.head === null ? [] : ['-p', shadow.head]
  const commit = await idFrom(shadow, [...AUTHOR, 'commit-tree', tree, ...parents, '-m', message])
  await refs.hold(name, commit)
  return commit
}

const idFrom = async ({ git }: Shadow, args: readonly string[]) => (await git(args)).output.toString().trim()
