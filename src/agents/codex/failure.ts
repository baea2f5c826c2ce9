import type { AgentFailure } from '../agent.ts'
import { limitedUntil } from './limit.ts'

/** Codex says why it ends last; what tools printed stands before. */
const LAST_LINES = 5
/** What is looked at of its words; they may have no end. */
const LOOKED_AT = 1000
/** How it says so: of a turn, of its own start, of its arguments (clap), and where it refuses a directory; codex 0.169. */
const ERROR_LINE =
  /^(?:ERROR|Error|error): (.+)$|^(Not inside a trusted directory .*|Error loading config.*)$/s

/** What its words mean, and what to do then; the first that fits counts. Seen with, or read in, codex 0.169. */
const REMEDIES: readonly (readonly [words: RegExp, remedy: string])[] = [
  [
    /--skip-git-repo-check|trusted directory/,
    'Run "git init" in the workspace, or name one that is a git repository.',
  ],
  [
    /out of credits|spend cap|credit limit|quota exceeded|insufficient_quota/i,
    'Add credits, or raise the limit of the account that codex uses.',
  ],
  [/to use codex with your chatgpt plan/i, 'Run "codex login" with an account whose plan includes codex.'],
  [
    /\b401\b|not logged in|codex login|sign in again|missing bearer|invalid_api_key|refresh token/i,
    'Run "codex login" as the user of the service, or fix the key of its model provider.',
  ],
  [
    /model\b.*(not supported|does not exist|not found|not have access)|model_not_found|requires a newer version/i,
    'Name a model that this account may use: in the request, LOOPER_CODEX_MODEL, or the config.toml of codex.',
  ],
  [/error loading config|model provider .* not found|config\.toml/i, 'Fix the config.toml of codex.'],
  [/context window/i, 'Give it a smaller task: the conversation became longer than the model can take.'],
  [
    /unexpected argument|unrecognized subcommand|invalid value/,
    'Update codex, or set CODEX_EXEC_BINARY to one that knows "exec --sandbox -C".',
  ],
  [/\b403\b/, 'See whether this account, and every proxy on the way, may reach the model.'],
  [/\b429\b|rate limit/i, 'Wait some minutes, then ask again.'],
  [
    /waiting for network|lookup address|dns error|connection (refused|reset|failed)|error sending request|certificate/i,
    'Fix the network of the machine, and HTTPS_PROXY where it needs a proxy.',
  ],
  [
    /\b50\d\b|high demand|at capacity|overloaded|stream disconnected|temporar/i,
    'Ask again later: the service of the model is busy or down.',
  ],
]

/**
 * Why a codex run failed, in its own last words, and what to do about it; null where it did not say.
 * @param output the end of the run's output; @param env the environment it ran with; @param endedAt when it ended, in
 * milliseconds since the epoch
 */
export function failureOf(output: string, env: NodeJS.ProcessEnv, endedAt: number): AgentFailure | null {
  const lines = output.split('\n').filter((line) => line.trim() !== '')
  const found = lines
    .slice(-LAST_LINES)
    .map((line) => ERROR_LINE.exec(line))
    .findLast((match) => match !== null)
  const told = found?.[1] ?? found?.[2]
  if (told === undefined) return null
  const cause = sentenceIn(told)
  return { cause, remedy: limitRemedy(cause, output, env, endedAt) ?? remedyFor(cause) }
}

function remedyFor(words: string): string | null {
  const looked = words.slice(0, LOOKED_AT)
  return REMEDIES.find(([pattern]) => pattern.test(looked))?.[1] ?? null
}

function limitRemedy(words: string, output: string, env: NodeJS.ProcessEnv, endedAt: number): string | null {
  if (!/usage limit/i.test(words.slice(0, LOOKED_AT))) return null
  const until = limitedUntil(output, env, endedAt)
  const when = until === null ? 'the limit is reset' : new Date(until).toISOString()
  return `Wait until ${when}, or use another account.`
}

/** What a model's server says may come as it came: JSON. */
function sentenceIn(words: string): string {
  try {
    const { detail, message, error } = JSON.parse(words)
    const sentence: unknown = detail ?? error?.message ?? message
    return typeof sentence === 'string' ? sentence : words
  } catch {
    return words
  }
}
