const FORK =
  'Most of it is the spawn: libuv forks the whole process, and a fork costs the more the more memory a process holds ' +
  '(CPU time of one spawn: 1.6 ms at 53 MB, 4.5 to 7 ms at 113 MB), while Go shares its memory with the child. ' +
  'Plan: hold less memory (notices over node:http instead of fetch save about 11 MB), then start wrappers from a small ' +
  'process that does nothing else.'

const LOG_LINES =
  'Every request is two lines in the server log, written at once, so that a crash takes none: half the CPU time of an ' +
  'answer (about 170 µs with the log, 85 µs without, 40 µs for the bare app, which logs nothing, checks neither host nor ' +
  'origin, and sets no security headers). Plan: set the headers in one go, and write the two lines of a request that only ' +
  'looks together.'

/** Why a number is not what it should be, and what is planned; by the row it is about. */
export const NOTES: Readonly<Record<string, string>> = {
  'Looper at 150 processes, p50': FORK,
  'Looper at 150 processes, p95': FORK,
  'start: Looper against the bare Fastify app':
    'What is left are modules that are needed at once; the largest part is date-fns, 304 of them, which pino-roll loads ' +
    'to name its files. Plan: open the rotation with the first line that needs it, or offer pino-roll a lighter way.',
  '/health: Looper against the bare Fastify app': LOG_LINES,
  'busy 409: Looper against the bare Fastify app':
    `${LOG_LINES} A busy request is also checked whole before it is told so, workspace and program on their real paths, ` +
    'because one that could never work must not be told to try again.',
  'flood: mirror off against sh':
    'Nothing of Looper stands between the agent and its file, so this is not explained yet; a flood of 1.5 s is short ' +
    'enough for the write-back of the one before to show. Plan: longer floods, in more rounds.',
  'flood: mirror on against sh':
    'Mirroring reads the GiB and writes it once more, on two cores of which the agent needs one, and looks through it for ' +
    'secrets. Plan: hand chunks on as bytes, and decode only those in which a secret may begin.',
  'idle: memory after 60 s':
    'About 80 MB before the first notice; the client for Zulip, which is loaded with it, brings fetch along. Plan: notices ' +
    'over node:http.',
  'idle: CPU time in 60 s':
    'The mirror looks at the log five times a second, and the event loop is watched every 50 ms. Plan: let the kernel tell ' +
    'of changes, and watch more rarely.',
}
