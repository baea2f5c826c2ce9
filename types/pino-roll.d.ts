declare module 'pino-roll' {
  import type { SonicBoom, SonicBoomOpts } from 'sonic-boom'
  export interface PinoRollOptions extends Omit<SonicBoomOpts, 'dest' | 'fd' | 'contentMode'> {
    contentMode: 'buffer'
    file: string
    size?: string | number
    frequency?: 'daily' | 'hourly' | number
    extension?: string
    dateFormat?: string
    limit?: { count: number; removeOtherLogFiles?: boolean }
  }
  /** `file` is the path being written, as sonic-boom keeps it. Its own types know of texts only. */
  export interface ByteStream extends Omit<SonicBoom, 'write'> {
    readonly file: string
    write(bytes: Buffer): boolean
  }
  export default function pinoRoll(options: PinoRollOptions): Promise<ByteStream>
}
