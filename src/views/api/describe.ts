import type { ErrorKind } from '../../base/error-kinds.ts'
import type { ErrorCode } from '../../base/errors.ts'
import type { TSchema } from '../../base/schema.ts'

/** An answer that is told in the API's document, beside those whose schemas the route has. */
export interface DescribedAnswer {
  readonly description: string
  /** The schema by media type; without any, the answer has no body. */
  readonly content?: Readonly<Record<string, TSchema>>
}

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What may go wrong here, beside what may go wrong anywhere. */
    readonly errors?: readonly (ErrorCode | ErrorKind)[]
    /** Answers by status that no schema writes: text, streams, pages. */
    readonly answers?: Readonly<Record<number, DescribedAnswer>>
    /** What it reads of the headers, each with its schema; it looks at them itself. */
    readonly headers?: Readonly<Record<string, TSchema>>
    /** What body it takes, likewise. */
    readonly body?: TSchema
  }
}
