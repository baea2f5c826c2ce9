import type { Socket } from 'node:net'
import { type ErrorCode, errnoOf, kindOf } from '../base/errors.ts'
import { errorBody } from './error-shape.ts'
import { SECURITY_HEADERS } from './guards.ts'

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
}

/**
 * Answers what was no request at all, in the shape of every other failure, and closes the connection. Returns the code
 * of the answer; null where nobody is there to read one.
 */
export function answerClientError(error: Error, socket: Socket, requestId: string): ErrorCode | null {
  const code = codeOf(errnoOf(error))
  if (code === null || !socket.writable) {
    socket.destroy()
    return null
  }
  const kind = kindOf(code)
  const { status } = kind
  const reason = REASONS[status]
  const body = JSON.stringify(errorBody(kind, `${reason}`, requestId))
  const headers = {
    ...SECURITY_HEADERS,
    'x-request-id': requestId,
    'content-type': 'application/json; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
  }
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  socket.end(`HTTP/1.1 ${status} ${reason}\r\n${lines.join('')}\r\n${body}`)
  return code
}

function codeOf(code: string | undefined): ErrorCode | null {
  switch (code) {
    case 'ECONNRESET':
    case 'EPIPE':
      return null
    case 'HPE_HEADER_OVERFLOW':
      return 'LOOPER_HEADERS_TOO_LARGE'
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return 'LOOPER_REQUEST_TIMEOUT'
    default:
      return 'LOOPER_BAD_REQUEST'
  }
}
