import { plain } from './harmless.ts'

/** Prints lines to a stream; whatever they hold, a terminal finds nothing in them to obey. */
export const printTo = (stream: NodeJS.WritableStream) => (text: string) =>
  void stream.write(`${plain(text)}\n`)
