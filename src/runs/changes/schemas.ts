import { Type } from '../../base/schema.ts'

const Commit = Type.Union([Type.String(), Type.Null()])

const Changes = Type.Union(
  [
    Type.Object({
      head_before: Commit,
      head_after: Commit,
      commits: Type.Integer({ description: 'How many commits came between them.' }),
      files: Type.Integer({
        description:
          'How many files differ, committed or not. What differed before and is the same does not count.',
      }),
      added: Type.Integer({ description: 'Lines.' }),
      removed: Type.Integer({ description: 'Lines.' }),
      dirty_before: Type.Integer({
        description: 'How many files differed from the commit before the run.',
      }),
      dirty_after: Type.Integer({ description: 'The same after it.' }),
      left_out: Type.Integer({
        description: 'How many of these were not looked into: too large, too many, or not readable.',
      }),
      is_diff_cut: Type.Boolean({ description: 'Whether the diff was too long to be kept as a whole.' }),
    }),
    Type.Null(),
  ],
  {
    description:
      'What it changed in the git work tree of its workspace. Null while it lives, where there is no git work tree or no ' +
      'git, and where git could not tell in time.',
  },
)

/** What a run tells of what it changed. */
export const CHANGES_SUMMARY = { changes: Changes }

/** The same in an answer that waited for the end. */
export const CHANGES_ANSWER = { changes: Type.Optional(Changes) }
