import type { IncomingMessage } from 'node:http'
import { fieldsIn, textIn } from '../../agents/json-value.ts'
import { sendRequest } from '../../base/http-client.ts'
import { refusal, textOf, unreachable } from '../client.ts'
import type { ServiceAddress } from '../service-address.ts'
import { readEvents } from '../sse.ts'
import { type Message, parsed } from './message.ts'

/** Hands messages to the service, and its answers back. */
export interface Relay {
  /** Every message that comes of it, in turn, as long as it takes. @throws {Failure} where the service cannot or will not */
  send(message: Message, signal: AbortSignal): AsyncGenerator<object>
}

/** A connection of its own for each message: so a service that was away is there again by itself. */
export function openRelay({ url, token }: ServiceAddress, env: NodeJS.ProcessEnv): Relay {
  /** What both sides agreed on, where messages do not say it themselves. */
  let agreed: string | null = null

  async function* send(message: Message, signal: AbortSignal): AsyncGenerator<object> {
    const { all, method, name, version } = message
    const headers = {
      accept: 'application/json, text/event-stream',
      'content-type': 'application/json',
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      ...versionOf(version ?? agreed),
      // What the protocol repeats of a message since 2026, for whatever stands between.
      ...(version === null || method === null ? {} : { 'mcp-method': method }),
      ...(version === null || name === null || !/^[!-~]+$/.test(name) ? {} : { 'mcp-name': name }),
    }
    const request = { method: 'POST', headers, body: JSON.stringify(all), signal, quietMs: 0, env }
    const response = await sendRequest(`${url}/mcp`, request).catch((error: unknown) => {
      throw unreachable(url, error, signal)
    })
    for await (const answer of answersIn(response, url, signal)) {
      if (method === 'initialize') agreed = agreedIn(answer) ?? agreed
      yield answer
    }
  }

  return { send }
}

const versionOf = (version: string | null) =>
  version === null || !/^[\w.-]+$/.test(version) ? {} : { 'mcp-protocol-version': version }

async function* answersIn(
  response: IncomingMessage,
  url: string,
  signal: AbortSignal,
): AsyncGenerator<object> {
  const { statusCode: status = 0, headers } = response
  if (headers['content-type']?.startsWith('text/event-stream')) {
    try {
      for await (const { data } of readEvents(response)) {
        const answer = parsed(data)
        if (isMessage(answer)) yield answer
      }
    } catch (error) {
      throw unreachable(url, error, signal)
    }
    return
  }
  const text = await textOf(response, url, signal)
  const answer = parsed(text)
  // The protocol has errors of its own, with a status of HTTP beside them.
  if (isMessage(answer)) yield answer
  else if (status < 200 || status >= 300 || text !== '') throw refusal(url, status, headers.location, text)
}

const isMessage = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && Reflect.get(value, 'jsonrpc') === '2.0'

function agreedIn(answer: unknown): string | null {
  const { protocolVersion } = fieldsIn(fieldsIn(answer).result)
  return textIn(protocolVersion)
}
