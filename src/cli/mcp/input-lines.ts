import { StringDecoder } from 'node:string_decoder'

/** As long as a body of the service may be. */
const MOST_CHARACTERS = 1.5 * 1024 * 1024

/** The lines of a stream, as they come; null for one that is too long, of which nothing is kept. */
export async function* inputLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<string | null> {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  let isTooLong = false
  for await (const chunk of bytes) {
    rest += decoder.write(Buffer.from(chunk))
    let begin = 0
    for (let end = rest.indexOf('\n'); end !== -1; end = rest.indexOf('\n', begin)) {
      yield isTooLong || end - begin > MOST_CHARACTERS ? null : rest.slice(begin, end)
      isTooLong = false
      begin = end + 1
    }
    isTooLong ||= rest.length - begin > MOST_CHARACTERS
    rest = isTooLong ? '' : rest.slice(begin)
  }
}
