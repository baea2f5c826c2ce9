import path from 'node:path'
import { type AgentCommand, type AgentTask, TOOL_CALL_MS, type ToolsAccess } from '../agent-core.ts'

/**
 * What holds for one run, over the settings of the owner and of the repository. Where a tool would ask, nobody is there to
 * answer, and the run would end without an answer: so what may be done in the workspace is allowed, and the rest denied, after
 * which the model goes on.
 */
const RULES = {
  autoupdate: false,
  share: 'disabled',
  permission: { '*': 'allow', external_directory: 'deny', question: 'deny', doom_loop: 'deny' },
} as const

/** The command of `opencode run` 1.18, which takes the prompt from stdin; as an argument it would be quoted and escaped. */
export function opencodeCommand(task: AgentTask): AgentCommand {
  const { binary, workspace, dir, model, system, session, prompt, args, tools } = task
  const file = path.join(dir, 'system.md')
  return {
    argv: [
      binary,
      'run',
      '--format',
      'json',
      '--dir',
      workspace,
      ...(model === null ? [] : ['--model', model]),
      ...(session === null ? [] : ['--session', session]),
      ...args,
    ],
    stdin: prompt,
    env: {
      PWD: workspace,
      // A file named by OPENCODE_CONFIG would not win over the repository's.
      OPENCODE_CONFIG_CONTENT: JSON.stringify({
        ...RULES,
        ...(system === null ? {} : { instructions: [file] }),
        ...(tools ? { mcp: { looper: serverOf(tools) } } : {}),
      }),
    },
    files: system === null ? {} : { [file]: system },
  }
}

/** A server of tools beside those of the owner and of the repository. What opencode runs can see this, too: it has its environment. */
const serverOf = ({ url, token }: ToolsAccess) => ({
  type: 'remote',
  url,
  headers: { Authorization: `Bearer ${token}` },
  // It is no server with a login page.
  oauth: false,
  timeout: TOOL_CALL_MS,
})
