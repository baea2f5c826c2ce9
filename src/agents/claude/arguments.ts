import path from 'node:path'
import type { AgentCommand, AgentTask } from '../agent-core.ts'

/**
 * Tools that are allowed beside those that only read: without them nobody is there to allow them, and the run ends well with
 * nothing done. Names of MCP servers' tools do not begin so, and whatever else would ask is denied.
 */
const TOOLS = 'Bash,Edit,Write'

/** The command of `claude -p` 2.1, which takes the prompt from stdin, up to 10 MB. */
export function claudeCommand(task: AgentTask): AgentCommand {
  const { binary, dir, model, system, session, prompt, args } = task
  const file = path.join(dir, 'system.md')
  // A resumed session keeps the system prompt that it began with.
  const begins = session === null && system !== null
  return {
    argv: [
      binary,
      '-p',
      '--output-format',
      'stream-json',
      '--verbose',
      '--allowedTools',
      TOOLS,
      '--permission-mode',
      'acceptEdits',
      '--permission-prompts',
      'none',
      ...(model === null ? [] : ['--model', model]),
      ...(begins ? ['--append-system-prompt-file', file] : []),
      ...(session === null ? [] : ['--resume', session]),
      ...args,
    ],
    stdin: prompt,
    env: {},
    files: begins ? { [file]: system } : {},
  }
}
