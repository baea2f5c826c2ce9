/** The exit statuses of the `looper` command; those from 64 on are of sysexits.h, which agents hardly use themselves. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 2,
  /** Its agent ended well, and its check did not. */
  refuted: 65,
  notFound: 66,
  /** Nobody answered a question until its deadline. */
  expired: 67,
  /** Nobody will answer it any more. */
  withdrawn: 68,
  unreachable: 69,
  /** Its agent ended well, and nobody can say what its check says. */
  unverified: 70,
  busy: 75,
  unauthorized: 77,
  config: 78,
  interrupted: 130,
} as const

/** Why a command ends: a sentence, what to do about it, and the exit status. */
export class Failure extends Error {
  readonly exit: number
  readonly remedy: string | null
  /** What `--json` prints: the service's own answer, where there is one. */
  readonly answer: object

  constructor(exit: number, message: string, remedy: string | null = null, answer?: object) {
    super(message)
    this.name = 'Failure'
    this.exit = exit
    this.remedy = remedy
    this.answer = answer ?? { ok: false, error: message, remedy }
  }
}

/** A command line that cannot be meant so. */
export function wrongUse(message: string, remedy: string | null = null): Failure {
  return new Failure(EXIT.usage, message, remedy)
}
