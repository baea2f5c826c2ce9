import { broken, ok } from '../../base/finding.ts'
import type { Agent } from '../agent.ts'
import { failureOf } from './failure.ts'
import { isRun } from './is-run.ts'
import { limitedUntil } from './limit.ts'
import { codexAgent } from './port.ts'
import { isInRepository, refusalOf } from './workspace.ts'

/** Where a checkout of codex has its builds, beside the project. */
const BUILDS = ['codex/codex', 'codex/codex-rs/target/release/codex', 'codex/codex-rs/target/debug/codex']

/** OpenAI's `codex exec`. */
export const codex: Agent = {
  ...codexAgent(isRun),
  title: 'codex exec',
  program: { name: 'codex', configured: null, builds: BUILDS },
  installRemedy: 'Install codex, or name it with CODEX_EXEC_BINARY.',
  model: null,
  args: [],
  approvalPolicy: 'never',
  sandbox: 'workspace-write',
  workspaceRefusal: refusalOf,

  checkWorkspace(workspace) {
    if (isInRepository(workspace)) return ok('workspace', workspace)
    return broken(
      'workspace',
      `${workspace} is no git repository, so codex refuses to work there`,
      'Run "git init" there, or set LOOPER_WORKSPACE.',
    )
  },

  tokensUsed(tail) {
    const found = /^tokens used\n([\d,]+)$/m.exec(tail)?.[1]
    return found === undefined ? null : Number(found.replaceAll(',', ''))
  },

  limitedUntil,
  failureOf,
}
