import { Type } from '../../base/schema.ts'

/** `GET /runs/:run_id/diff` in words. */
export const GET_DIFF = {
  schema: {
    tags: ['runs'],
    summary: 'What a run changed, as a diff',
    description:
      'From the work tree before the run to the one after it, or, of a live run, to the one now: committed or not, untracked ' +
      'files among them, ignored ones not. 4 MiB at most; a longer one is cut, and its last line says so.',
  },
  config: {
    answers: { 200: { description: 'The diff.', content: { 'text/x-diff': Type.String() } } },
    errors: ['LOOPER_RUN_NOT_FOUND', 'LOOPER_DIFF_NOT_FOUND'],
  },
} as const
