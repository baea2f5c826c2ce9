import { type McpClient, SERVER_NAME, type ServerCommand } from '../client.ts'

/** It hands on nothing of its environment that is not named. */
const ENVIRONMENT = ['LOOPER_URL', 'LOOPER_API_TOKEN', 'LOOPER_RUN_ID', 'LOOPER_RUN_TOKEN']

/** codex 0.169: a table of `.codex/config.toml` (developers.openai.com/codex/mcp); `codex mcp list` shows it in a trusted project. */
export const client: McpClient = {
  name: 'codex',
  files: ['.codex/config.toml'],
  afterwards: 'codex reads it in projects that it trusts.',
  add(text, server) {
    const eol = text.includes('\r\n') ? '\r\n' : '\n'
    const table = tableOf(server).join(eol)
    if (`${eol}${text}${eol}`.includes(`${eol}${table}${eol}`)) return text
    // What it says there cannot be told without reading all of TOML, so nobody's words are changed.
    if (text.includes(SERVER_NAME))
      throw new Error(`it names ${SERVER_NAME} already; remove that first, or write by hand:\n${table}`)
    if (/^[ \t]*(mcp_servers|"mcp_servers"|'mcp_servers')[ \t]*=/m.test(text))
      throw new Error(
        `its mcp_servers is in one line, which nothing can be added to; write by hand:\n${table}`,
      )
    const gap = text === '' ? '' : text.endsWith('\n') ? eol : eol + eol
    return `${text}${gap}${table}${eol}`
  },
}

const tableOf = ({ command, args }: ServerCommand): readonly string[] => [
  `[mcp_servers.${SERVER_NAME}]`,
  `command = ${tomlString(command)}`,
  `args = [${args.map(tomlString).join(', ')}]`,
  `env_vars = [${ENVIRONMENT.map(tomlString).join(', ')}]`,
]

/** A basic string of TOML 1.0: as of JSON, but that DEL is escaped, too. */
const tomlString = (text: string) => JSON.stringify(text).replaceAll('\x7f', '\\u007f')
