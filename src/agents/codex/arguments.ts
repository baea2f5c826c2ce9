import { type AgentTask, TOOL_CALL_MS } from '../agent-core.ts'
import { MOST_ARGUMENT_BYTES } from '../refusal.ts'

/** Whether the prompt goes in through stdin: "-" alone would be read as "take it from stdin" anyway. */
const takesStdin = (prompt: string) => prompt === '-' || Buffer.byteLength(prompt) > MOST_ARGUMENT_BYTES

/** What `codex exec` reads on stdin; null: nothing, and the prompt is an argument. */
export const codexStdin = ({ prompt }: AgentTask): string | null => (takesStdin(prompt) ? prompt : null)

/** The argv of `codex exec` 0.169. */
export function codexArguments(task: AgentTask): readonly string[] {
  const { binary, workspace, prompt, runId, model, session, args } = task
  return [
    binary,
    '--ask-for-approval',
    'never',
    'exec',
    '--sandbox',
    'workspace-write',
    '-C',
    workspace,
    // codex may hand its tools a trimmed environment; this keeps the cookie in it under every policy.
    '-c',
    `shell_environment_policy.set.LOOPER_RUN_ID=${runId}`,
    ...(model === null ? [] : ['-m', model]),
    ...instructions(task),
    ...toolsOf(task),
    ...args,
    ...(session === null ? [] : ['resume', session]),
    '--',
    takesStdin(prompt) ? '-' : prompt,
  ]
}

/** Where codex finds the token of its tools. */
const TOKEN = 'LOOPER_RUN_TOKEN'
/** A busy machine may take so long to say which tools there are. */
const START_MS = 10_000

/**
 * A server of tools beside those of its config.toml: it is reached by codex itself, so also where what it runs has no network.
 * Without the approval mode every call is refused, as nobody is there to approve (seen with 0.169).
 */
function toolsOf({ tools }: AgentTask): readonly string[] {
  if (!tools) return []
  const options = {
    'mcp_servers.looper.url': tomlString(tools.url),
    'mcp_servers.looper.bearer_token_env_var': tomlString(TOKEN),
    'mcp_servers.looper.default_tools_approval_mode': '"approve"',
    'mcp_servers.looper.tool_timeout_sec': TOOL_CALL_MS / 1000,
    // Else the first turn begins without the tools of a server that takes longer than a second (openai/codex#31641).
    mcp_optional_startup_grace_ms: START_MS,
    // What it runs has no use for it.
    [`shell_environment_policy.set.${TOKEN}`]: '""',
  }
  return Object.entries(options).flatMap(([name, value]) => ['-c', `${name}=${value}`])
}

/** What is added to the environment of codex. */
export const codexEnvironment = ({ tools }: AgentTask): Readonly<Record<string, string>> =>
  tools ? { [TOKEN]: tools.token } : {}

/** A resumed session keeps the instructions that it began with. */
function instructions({ system, session }: AgentTask): readonly string[] {
  return system === null || session !== null ? [] : ['-c', `developer_instructions=${tomlString(system)}`]
}

/** A basic string of TOML 1.0: as of JSON, but that DEL is escaped, too. */
const tomlString = (text: string) => JSON.stringify(text).replaceAll('\x7f', '\\u007f')

/** Why the instructions do not fit, in a sentence: codex takes them as an argument alone. */
export function instructionsRefusal(task: AgentTask): string | null {
  const longest = Math.max(0, ...instructions(task).map((word) => Buffer.byteLength(word)))
  if (longest <= MOST_ARGUMENT_BYTES) return null
  return `the system prompt takes ${longest} bytes as an argument of codex, and ${MOST_ARGUMENT_BYTES} are the most`
}
