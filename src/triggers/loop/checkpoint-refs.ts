import type { Git, GitCall } from '../../runs/changes/git.ts'

/** So many of a loop are kept, the newest ones. */
const MOST_KEPT = 500

/** The checkpoints of a loop in a repository: each is held by a reference that no branch, and nothing that is fetched or pushed by itself, knows. */
export interface CheckpointRefs {
  /** Holds a commit under a name, in the place of one that is held there. @throws {Error} */
  hold(name: string, commit: string): Promise<void>
  /** Whether a commit is one of them. @throws {Error} */
  has(commit: string): Promise<boolean>
  /** Lets go of all but the newest. @throws {Error} */
  prune(): Promise<void>
}

/** Those of a loop. @param gitDir of its work tree */
export function checkpointRefs(loop: string, gitDir: string, git: Git, signal: AbortSignal): CheckpointRefs {
  const prefix = `refs/looper/loops/${loop}/`
  const run = (args: readonly string[], more?: Pick<GitCall, 'input'>) =>
    git({ args: [`--git-dir=${gitDir}`, '-c', 'core.logAllRefUpdates=false', ...args], ...more, signal })

  const list = async (...how: readonly string[]): Promise<readonly string[]> => {
    const { output } = await run(['for-each-ref', '--sort=-creatordate', ...how, prefix])
    return output.toString().split('\n').slice(0, -1)
  }

  return {
    has: async (commit) => (await list('--format=%(objectname)')).includes(commit),
    async hold(name, commit) {
      await run(['update-ref', prefix + name, commit])
    },
    async prune() {
      const old = (await list('--format=%(refname)')).slice(MOST_KEPT)
      if (old.length === 0) return
      await run(['update-ref', '--stdin'], {
        input: Buffer.from(old.map((ref) => `delete ${ref}\n`).join('')),
      })
    },
  }
}
