declare module 'pino-roll' {
  import type { SonicBoom, SonicBoomOpts } from 'sonic-boom'
  export interface PinoRollOptions extends Omit<SonicBoomOpts, 'dest' | 'fd'> {
    file: string
    size?: string | number
    frequency?: 'daily' | 'hourly' | number
    extension?: string
    dateFormat?: string
    limit?: { count: number; removeOtherLogFiles?: boolean }
  }
  /** `file` is the path being written, as sonic-boom keeps it. */
  export default function pinoRoll(options: PinoRollOptions): Promise<SonicBoom & { readonly file: string }>
}
