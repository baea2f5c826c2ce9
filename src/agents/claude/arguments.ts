import path from 'node:path'
import { type AgentCommand, type AgentTask, TOOL_CALL_MS, type ToolsAccess } from '../agent-core.ts'

/**
 * Tools that are allowed beside those that only read: without them nobody is there to allow them, and the run ends well with
 * nothing done. Names of MCP servers' tools do not begin so, and whatever else would ask is denied.
 */
const ALLOWED = 'Bash,Edit,Write'
/** Less would be written with an exponent. */
const LEAST_USD = 0.000001

/** The command of `claude -p` 2.1, which takes the prompt from stdin, up to 10 MB. */
export function claudeCommand(task: AgentTask): AgentCommand {
  const { binary, dir, model, system, session, prompt, args, maxCostUsd, tools } = task
  const file = path.join(dir, 'system.md')
  const servers = path.join(dir, 'mcp.json')
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
      tools ? `${ALLOWED},mcp__looper` : ALLOWED,
      '--permission-mode',
      'acceptEdits',
      '--permission-prompts',
      'none',
      ...(model === null ? [] : ['--model', model]),
      ...(begins ? ['--append-system-prompt-file', file] : []),
      ...(session === null ? [] : ['--resume', session]),
      // It tells what its calls cost at the end of a turn only, so it has to stop by itself.
      ...(maxCostUsd ? ['--max-budget-usd', String(Math.max(LEAST_USD, maxCostUsd))] : []),
      ...(tools ? ['--mcp-config', servers] : []),
      ...args,
    ],
    stdin: prompt,
    env: {},
    files: {
      ...(begins ? { [file]: system } : {}),
      ...(tools ? { [servers]: serversFile(tools) } : {}),
    },
  }
}

/** A server beside those of the owner; its tools are at hand at once, and not only after a search for them. */
const serversFile = ({ url, token }: ToolsAccess) =>
  JSON.stringify({
    mcpServers: {
      looper: {
        type: 'http',
        url,
        headers: { Authorization: `Bearer ${token}` },
        alwaysLoad: true,
        timeout: TOOL_CALL_MS,
      },
    },
  })
