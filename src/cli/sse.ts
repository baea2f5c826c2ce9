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
    const lines = (rest + decoder.decode(chunk, { stream: true })).split('\n')
    rest = lines.pop() ?? ''
    for (const raw of lines) {
      const line = raw.endsWith('\r') ? raw.slice(0, -1) : raw
      if (line !== '') {
        const [, name = '', value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []
        fields[name] = name === 'data' && fields.data !== undefined ? `${fields.data}\n${value}` : value
        continue
      }
      const { event = 'message', id = '', data } = fields
      if (data !== undefined) yield { type: event, id, data }
      fields = {}
    }
  }
}
