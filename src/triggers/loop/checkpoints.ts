import { rm } from 'node:fs/promises'
import path from 'node:path'
import { counted } from '../../base/counted.ts'
import { LooperError, messageOf } from '../../base/errors.ts'
import { gitNow, type LookingDeps } from '../../runs/changes/looking.ts'
import { createLooks } from '../../runs/changes/looks.ts'
import { repositoryOf } from '../../runs/changes/repository.ts'
import { type Shadow, shadowOf } from '../../runs/changes/shadow.ts'
import { ALL_BYTES, stage } from '../../runs/changes/snapshot.ts'
import { changesTo, type FileChange } from './checkpoint-changes.ts'
import { type CheckpointRefs, checkpointRefs } from './checkpoint-refs.ts'
import { LOOP_CHECKPOINT_NOT_FOUND } from './errors.ts'
import { stageInTheWay } from './stage-in-the-way.ts'

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
  /** What restoring one would change now. @throws {LooperError} `LOOPER_CHECKPOINT_NOT_FOUND` @throws {Error} saying why it cannot be told */
  compare(of: Of, checkpoint: string): Promise<readonly FileChange[]>
  /**
   * Brings the files of a work tree to what they were, within 20 s, after it kept what they are now. Ignored files stay, but for
   * those that lie where a file was: they are kept, too.
   * @throws {LooperError} `LOOPER_CHECKPOINT_NOT_FOUND` @throws {Error} saying why it cannot be done
   */
  restore(now: Wanted, checkpoint: string): Promise<Restored>
}

/** A loop and where it works: in the work tree, or at its top. */
export type Of = Pick<Wanted, 'loop' | 'workspace'>

/** What came of it. */
export interface Restored {
  readonly changes: readonly FileChange[]
  /** The checkpoint of what was there before. */
  readonly undo: string
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
    { loop, workspace }: Of,
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
    compare: (of, checkpoint) =>
      within(`${of.loop}.compare`, of, hurry, async (looked) => {
        await assertHeld(looked, checkpoint)
        await stageAll(looked)
        return changesTo(checkpoint, looked.shadow)
      }),
    restore: (now, checkpoint) =>
      within(`${now.loop}.restore`, now, hurry, async (looked) => {
        const { shadow, top } = looked
        await assertHeld(looked, checkpoint)
        await stageAll(looked)
        const changes = await changesTo(checkpoint, shadow)
        await stageInTheWay(shadow, top, changes)
        const undo = await keep(looked, now)
        // What was written anew, and is the same, must not seem to differ.
        await shadow.git(['update-index', '-q', '--ignore-submodules', '--refresh'])
        await shadow.git(['read-tree', '-m', '-u', undo, checkpoint]).catch((error: unknown) => {
          throw new Error(`${messageOf(error)} (the checkpoint ${undo} is what was there before)`)
        })
        return { changes, undo }
      }),
  }
}

async function assertHeld({ refs, top }: Looked, checkpoint: string): Promise<void> {
  if (await refs.has(checkpoint)) return
  throw new LooperError(
    LOOP_CHECKPOINT_NOT_FOUND,
    `the repository ${top} has no checkpoint ${checkpoint} of this loop`,
  )
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
