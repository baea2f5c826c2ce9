import { harmless } from './harmless.ts'
import type { Screen } from './screen.ts'

/** Where a log goes. */
export interface LogSink {
  /** Resolves when more may be written. */
  write(bytes: Uint8Array): Promise<void>
  end(): Promise<void>
}

/** A terminal gets what cannot harm it; anything else the very bytes. */
export function openLogSink(screen: Screen): LogSink {
  if (!screen.isTerminal) return { write: screen.write, end: async () => undefined }
  const safe = harmless(screen.hasColours)
  return {
    write: (bytes) => screen.write(safe.write(bytes)),
    end: () => screen.write(safe.end()),
  }
}

/** Bytes as JSON carries them: as text, or in base64 where they are none. */
export function asText(bytes: Uint8Array): { text: string } | { base64: string } {
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) }
  } catch {
    return { base64: Buffer.from(bytes).toString('base64') }
  }
}
