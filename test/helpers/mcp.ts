import { Client, type ClientOptions, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import type { Test } from 'tap'

/** A client of the protocol's own, as an agent would be one. @param token null: it shows none */
export async function connectMcp(
  test: Test,
  url: string,
  token: string | null,
  options: ClientOptions = {},
): Promise<Client> {
  const client = new Client({ name: 'an agent', version: '1.0.0' }, options)
  const requestInit = token === null ? {} : { headers: { authorization: `Bearer ${token}` } }
  await client.connect(new StreamableHTTPClientTransport(new URL(`${url}/mcp`), { requestInit }))
  test.teardown(() => client.close())
  return client
}

/** What a tool answered. */
export async function callTool(
  client: Client,
  name: string,
  args: Record<string, unknown> = {},
): Promise<string> {
  const { content, isError } = await client.callTool({ name, arguments: args })
  const text = content.map((part) => (part.type === 'text' ? part.text : `(${part.type})`)).join('')
  return isError ? `error: ${text}` : text
}

/** The names of the tools that it is shown. */
export async function toolNames(client: Client): Promise<string[]> {
  return (await client.listTools()).tools.map(({ name }) => name).sort()
}
