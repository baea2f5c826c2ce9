const LAUNCH =
  'A wrapper waits for its orders before the request comes, so the fork of the service is not in the way. What is left: the ' +
  'request and the notice (a third), the search of the machine (a fifth), and from there to the agent a shell that reads ' +
  'its orders, forks, and runs setsid and the agent, as long as starting any program twice takes here (4 ms each time). ' +
  'The machine has slow and fast minutes: p50 came out between 8.5 and 16.5 ms in five benches, p95 between 10.8 and ' +
  '20.7, and the ratio to webhook between 4.1 and 4.4. Plan: one program less between wrapper and agent, where the shell ' +
  'can begin a session itself, and fewer ledger statements between stop and launch.'

const REQUESTS =
  'Both answer and log each request; webhook is compiled code on both cores, Looper is one thread that adds eight headers, a ' +
  'request id, and a look at host and origin. Its two lines in the server log are 20 µs of 40. Plan: put the two lines ' +
  'together by hand instead of by pino, and hold the headers ready as the one block that they are.'

const MEMORY =
  "Node alone is 42 MB, and Fastify, loaded and at rest, 69: two thirds of that are Node's own code, and 10 MB V8's optimizing " +
  'compilers, which begin while modules are loaded. To switch them on only when the service is busy saved 9 MB here, but V8 ' +
  'does not promise that its flags may be changed while it runs. What is left is loaded code, as text and as bytecode, and 5 MB ' +
  'of garbage from loading it, which V8 collects only under load: to ask for that holds everything up for a tenth of a second ' +
  'or more. Plan: fewer and smaller modules.'

const LOOPS =
  'Between two rounds lie the last line of the log, the search for what the run left, its end and six steps of the loop on the ' +
  'record, and then a launch, as long as that of any request: it took 1.8 times a POST /run of the same minute (62 ms and 35 ms, where ' +
  'a loop of sh took 3 ms), and the same while the machine did much else. Nothing is polled. Plan: find the run of a round by fewer looks at the record, and take several steps of a loop without a timer between them.'

/** Why a number may not be what it should be, and what is planned; by the row it is about. */
export const NOTES: Readonly<Record<string, string>> = {
  'Looper at 150 processes, p50': LAUNCH,
  'Looper at 150 processes, p95': LAUNCH,
  'Looper against webhook at 150 processes': LAUNCH,
  'Looper at 1000 processes, p50':
    'The search reads what each process is, which takes three system calls where its file is not open yet, and one where it ' +
    'is. Nothing cheaper tells whether a process has become another program. Plan: none.',
  '/health: Looper against webhook': REQUESTS,
  'busy 409: Looper against webhook':
    `${REQUESTS} A busy request is also checked whole before it is told so, workspace and program on their real paths ` +
    '(a dozen system calls), because one that could never work must not be told to try again. Plan: look at the slot ' +
    'first where the fields are right, and say in the answer that the rest was not looked at.',
  'idle: memory after 60 s': MEMORY,
  'loops: Looper, p50': LOOPS,
  'flood: mirror off against sh':
    'Nothing of Looper stands between the agent and its file. But the file begins with a header, as callers rely on, so that ' +
    'no write of 4 KiB and more begins with a page: a shell that appends to a file with one line takes ' +
    'longer, too. Agents that write lines do not feel it. The rest is the machine: this ratio came out between 0.96 and 1.24 ' +
    'in a dozen benches. Plan: none.',
  'flood: mirror on against sh':
    'Mirroring reads the GiB and writes it once more, on two cores that the agent keeps busy alone. It pauses for twice as ' +
    'long as it works. The header has its part here, too, and the ratio came out between 1.22 and 1.6. Plan: let the kernel ' +
    'copy, which Node does not offer for files that are appended to.',
  'idle: CPU time in 60 s':
    'The mirror looks at the log once a second. Plan: let the kernel tell of changes.',
}
