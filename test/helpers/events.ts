import http from 'node:http'

/** An event as it came. */
export interface SentEvent {
  readonly event: string
  readonly id: string
  readonly data: string
}

/** An answer of Server-Sent Events over a connection of its own. */
export interface Events {
  readonly status: number
  readonly headers: http.IncomingHttpHeaders
  /** The events up to the end, or to the loss, of the connection; comments come as events named `:`. Leaving the loop closes it. */
  readonly events: AsyncGenerator<SentEvent>
  close(): void
  /** Stops to take anything. */
  pause(): void
}

/** Asks for events. */
export async function openEvents(url: string, headers: Record<string, string> = {}): Promise<Events> {
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    http.get(url, { headers, agent: false }, resolve).once('error', reject)
  })
  return {
    status: response.statusCode ?? 0,
    headers: response.headers,
    events: parse(response),
    close: () => response.destroy(),
    pause: () => response.socket.pause(),
  }
}

async function* parse(response: http.IncomingMessage): AsyncGenerator<SentEvent> {
  response.setEncoding('utf8')
  let rest = ''
  try {
    for await (const chunk of response) {
      const parts = (rest + chunk).split('\n\n')
      rest = parts.pop() ?? ''
      for (const part of parts) yield eventOf(part)
    }
  } catch {
    // The other side closed it in the middle.
  }
}

function eventOf(text: string): SentEvent {
  const fields: Record<string, string> = {}
  for (const line of text.split('\n')) {
    const colon = line.indexOf(': ')
    fields[line.slice(0, colon) || 'event'] = colon === 0 ? ':' : line.slice(colon + 2)
  }
  return { event: fields.event ?? '', id: fields.id ?? '', data: fields.data ?? '' }
}

/** The bytes of an output event. */
export function bytesOf({ data }: SentEvent): Buffer {
  const { text, base64 } = JSON.parse(data)
  return text === undefined ? Buffer.from(base64, 'base64') : Buffer.from(text)
}
