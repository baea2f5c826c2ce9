import type { Socket } from 'node:net'
import { ERRORS, type ErrorCode, errnoOf } from '../errors.ts'

const REASONS: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  431: 'Request Header Fields Too Large',
}

/** Answers what was no request at all, in the shape of every other failure, and closes the connection. */
export function answerClientError(error: Error, socket: Socket): void {
  const code = codeOf(errnoOf(error))
  if (code === null || !socket.writable) {
    socket.destroy()
    return
  }
  const { status, remedy } = ERRORS[code]
  const body = JSON.stringify({ ok: false, error: REASONS[status], code, remedy })
  socket.end(
    `HTTP/1.1 ${status} ${REASONS[status]}\r\nContent-Type: application/json; charset=utf-8\r\n` +
      `Content-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  )
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
