/** Those of `error-kinds.ts` that are about where an agent is to work. */
export const WORKSPACE_ERRORS = {
  LOOPER_WORKSPACE_INVALID: {
    status: 500,
    when: 'The workspace does not exist, or is not a directory.',
    remedy: 'Name a directory that exists on the machine.',
  },
  LOOPER_WORKSPACE_CLOSED: {
    status: 500,
    when: 'The user of the service may not enter the workspace, or its file system is not mounted.',
    remedy: 'Let the user of the service enter it (chmod, chown, mount), or name another workspace.',
  },
  LOOPER_WORKSPACE_REFUSED: {
    status: 500,
    when: 'The agent would refuse to work there, for example because it is not a git repository.',
    remedy: 'Do what the error says, or name another workspace.',
  },
  LOOPER_ISOLATE_REFUSED: {
    status: 400,
    when: 'No git work tree can be made for the run: the workspace lies in none, there is no commit yet, or there is no git.',
    remedy: 'Do what the error says, or leave out isolate.',
  },
  LOOPER_WORKTREE_FAILED: {
    status: 500,
    when: 'A git work tree could not be made for the run.',
    remedy: 'Do what the error says; free space on the disk of CODEX_EXEC_LOG_DIR, if it is full.',
  },
} as const
