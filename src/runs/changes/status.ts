import type { GitAnswer } from './git.ts'
import type { Shadow } from './shadow.ts'

// A submodule is what is checked out in it: to look for more, git would run in there, with settings of its own.
const ASKED = ['--porcelain', '-z', '--no-renames', '--ignore-submodules=dirty', '--no-ahead-behind']

/** What differs from the commit, each followed by a NUL, as `git status` tells it. @throws {Error} where git cannot tell */
export const statusOf = ({ git }: Pick<Shadow, 'git'>, ...more: readonly string[]): Promise<GitAnswer> =>
  git(['status', ...ASKED, ...more])
