/** An event of a stream (WHATWG HTML, 9.2); comments are none. */
export interface ServerEvent {
  readonly type: string
  readonly id: string
  readonly data: string
}

/** The events in the bytes of a stream, as they come. What stands behind the last empty line is no event. */
export async function* readEvents(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<ServerEvent> {
  const decoder = new TextDecoder()
  let rest = ''
  let fields: { [name: string]: string } = {}
  for await (const chunk of bytes) {
    rest += decoder.decode(chunk, { stream: true })
    const end = rest.lastIndexOf('\n')
    if (end < 0) continue
    const lines = rest.slice(0, end).split('\n')
    rest = rest.slice(end + 1)
    for (const raw of lines) {
      const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw
      if (line !== '') {
        const colon = line.includes(':') ? line.indexOf(':') : line.length
        const name = line.slice(0, colon)
        const value = line.slice(colon + 1).replace(/^ /, '')
        fields[name] = name === 'data' && fields.data !== undefined ? `${fields.data}\n${value}` : value
        continue
      }
      const { event = 'message', id = '', data } = fields
      if (data !== undefined) yield { type: event, id, data }
      fields = {}
    }
  }
}
