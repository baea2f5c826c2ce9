import type { Difference } from './compare.ts'

const CUT = '\n\\ The diff was longer, and is cut here.\n'

/** A diff as it is kept and sent: one that was longer says so in its last line, which `patch` and `git apply` take for a remark. */
export const textOf = ({ diff, isCut }: Pick<Difference, 'diff' | 'isCut'>): Buffer =>
  isCut ? Buffer.concat([diff, Buffer.from(CUT)]) : diff
