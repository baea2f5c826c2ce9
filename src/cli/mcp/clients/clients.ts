import { type McpClient, SERVER_NAME } from './client.ts'
import { client as tomlClient } from './codex/client.ts'
import { withValue } from './json-file.ts'

/** Those that `looper mcp install` knows; each form as the program's own documents have it. */
export const MCP_CLIENTS: readonly McpClient[] = [
  {
    name: 'claude',
    files: ['.mcp.json'],
    afterwards: 'claude asks for consent when it is started there next.',
    // code.claude.com/docs/en/mcp
    add: (text, { command, args }) =>
      withValue(text, ['mcpServers', SERVER_NAME], { type: 'stdio', command, args: [...args] }),
  },
  tomlClient,
  {
    name: 'opencode',
    files: ['opencode.json', 'opencode.jsonc'],
    afterwards: 'opencode reads it when it is started next.',
    // opencode.ai/docs/mcp-servers
    add: (text, { command, args }) =>
      withValue(text, ['mcp', SERVER_NAME], { type: 'local', command: [command, ...args], enabled: true }),
  },
  {
    name: 'cursor',
    files: ['.cursor/mcp.json'],
    afterwards: 'Cursor shows it in its settings, under MCP, where it is switched on.',
    // cursor.com/docs/mcp
    add: (text, { command, args }) =>
      withValue(text, ['mcpServers', SERVER_NAME], { command, args: [...args] }),
  },
]
