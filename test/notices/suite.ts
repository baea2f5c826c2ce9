import { pino } from 'pino'
import t, { type Test } from 'tap'
import { redactor } from '../../src/logging/redact.ts'
import type { EndedRun, Notice, Sender } from '../../src/notices/notice.ts'
import { withoutSecrets } from '../../src/notices/without-secrets.ts'

/** The other side of a way to tell people, as it stands in a test. */
export interface Twin {
  readonly notice: Notice
  /** The environment in which it is asked and sent. */
  readonly env: NodeJS.ProcessEnv
  /** The texts that arrived, in order. */
  delivered(): readonly string[]
  /** The texts that took the place of others. */
  edited(): readonly string[]
  /** The next message is refused with these words. */
  refuse(words: string): void
  /** The next message is never answered. */
  hang(): void
  /** The next message is taken, and answered with so many characters and nothing of use. */
  babble(characters: number): void
}

/** What is known of one way to tell people, to hold it to the contract. */
export interface NoticeCase {
  /** Whoever opens it closes it, by the test's teardown. */
  open(test: Test): Promise<Twin>
  /** The most code points that arrive of one message. */
  readonly longest: number
  /** Whether its messages can be edited. */
  readonly canEdit: boolean
}

const RUN: EndedRun = {
  runId: '0123abcd',
  name: 'A run',
  noticeText: 'A run\n\nof **many** words',
  launchedAt: 0,
  endedAt: 61_000,
  outcome: 'exited',
  returnCode: 3,
  cause: 'no such model',
  remedy: null,
  tokensUsed: 1234,
  verdict: null,
  verdictCause: null,
  changes: null,
}
const SECRET = 'a-secret-of-this-test'
const SENTENCE = /^\S.*\S$/s

/** What the port promises, held against one way to tell people. */
export function testNotice({ open, longest, canEdit }: NoticeCase): void {
  async function setUp(test: Test) {
    const twin = await open(test)
    const skipped: string[] = []
    const redact = redactor(() => [SECRET])
    const sender: Sender = twin.notice.open({
      env: twin.env,
      redact,
      logger: pino({ enabled: false }),
      skipped: (message) => skipped.push(message),
    })
    const abort = new AbortController()
    // As everything is sent.
    const send = withoutSecrets(sender.notify, redact)
    const notify = (message: string) => send(message, abort.signal)
    return { ...twin, sender, skipped, abort, notify }
  }

  t.test('a message arrives as it is, once, and the receipt is one line', async (t) => {
    const { notify, delivered, skipped } = await setUp(t)
    const messages = [
      'Hello',
      `"quotes", 'more', $HOME, \`code\`, \\ and %s`,
      'two\nlines, and\n\n```sh\ncode\n```',
      'Grüße 👩‍👩‍👧 \u202eright to left',
      '--help',
      '@**all** <b>&amp;</b>',
    ]
    for (const message of messages) {
      const { output, messageId } = await notify(message)
      t.match(output, /^[^\n]{1,2000}$/)
      t.equal(messageId !== null, canEdit)
    }
    t.strictSame(delivered(), messages)
    t.strictSame(skipped, [])
  })

  t.test('the longest message arrives whole, and of a longer one as much as fits', async (t) => {
    const { notify, delivered } = await setUp(t)
    const whole = '👍'.repeat(longest)
    await notify(whole)
    t.ok(delivered()[0] === whole)
    await notify(`${whole}, and more`).catch((error: Error) => t.match(error.message, SENTENCE))
    for (const text of delivered())
      t.notMatch(text, /[\ud800-\udbff](?![\udc00-\udfff])/, 'no half character')
  })

  t.test('messages side by side all arrive', async (t) => {
    const { notify, delivered } = await setUp(t)
    const messages = Array.from({ length: 5 }, (_, i) => `message ${i}`)
    await Promise.all(messages.map(notify))
    t.same(delivered().toSorted(), messages)
  })

  t.test('a refusal is told in a sentence, without secrets, and the next message arrives', async (t) => {
    const { notify, delivered, refuse } = await setUp(t)
    refuse(`nothing today, ${SECRET}`)
    const refused = notify('Hello')
    await t.rejects(refused, { message: SENTENCE })
    await t.rejects(refused, { message: /nothing today/ })
    await refused.catch(({ message }: Error) => t.notMatch(message, SECRET))
    await notify('Again')
    t.strictSame(delivered(), ['Again'])
  })

  t.test('whoever does not wait any longer is let go, and nobody is told later', async (t) => {
    const { notify, delivered, hang, abort } = await setUp(t)
    hang()
    const sent = notify('Hello')
    setImmediate(() => abort.abort())
    await t.rejects(sent, { message: SENTENCE })
    await t.rejects(notify('Again'), { message: SENTENCE })
    t.strictSame(delivered(), [])
  })

  t.test('an answer of any size is bounded', async (t) => {
    const { notify, babble } = await setUp(t)
    babble(5_000_000)
    const told = await notify('Hello').then(
      ({ output }) => output,
      ({ message }: Error) => message,
    )
    t.ok(told.length > 0 && told.length < 5000, `${told.length} characters`)
  })

  t.test('whoever asks about it sends nothing', async (t) => {
    const { notice, env, delivered } = await setUp(t)
    t.equal((await notice.probe(env, AbortSignal.timeout(10_000))).state, 'ok')
    const route = notice.route()
    t.match(route, { kind: notice.name, route: /^\S+=\S/, problem: null })
    t.strictSame([notice.finding(), notice.warning()], [null, null])
    t.strictSame(notice.route(), route)
    for (const secret of notice.secrets()) {
      t.ok(secret.length > 0)
      t.notOk(JSON.stringify(route).includes(secret))
    }
    t.strictSame(delivered(), [])
  })

  if (!canEdit) {
    t.test('what cannot be edited says so', async (t) => {
      t.equal((await setUp(t)).sender.ends, null)
    })
    return
  }

  t.test('the end of a run takes the place of its notice, which stays to be read', async (t) => {
    const { sender, notify, edited, abort } = await setUp(t)
    const { messageId } = await notify(RUN.noticeText ?? '')
    const text = sender.ends?.edited(RUN, `the last line\nand ${SECRET}`) ?? ''
    t.ok(text.startsWith(`${RUN.noticeText}\n`))
    t.match(text, /exited 3/)
    t.match(text, 'no such model')
    t.match(text, 'the last line')
    t.notMatch(text, SECRET)
    t.equal(await sender.ends?.amend(messageId ?? 0, text, abort.signal), true)
    t.strictSame(edited(), [text])
  })

  t.test('a message whose answer was lost is found, and none that is known already', async (t) => {
    const { sender, notify, abort } = await setUp(t)
    const begin = Date.now()
    const ask = (text: string, isKnown = (_id: number) => false) =>
      sender.ends?.arrived?.(text, begin, isKnown, abort.signal)
    t.equal(await ask('Hello'), null)
    const { messageId } = await notify('Hello \n')
    t.equal(await ask('Hello \n'), messageId)
    t.equal(await ask('Hell'), null)
    t.equal(await ask('Hello \n', (id) => id === messageId), null)
  })

  t.test('what may not be edited is no failure', async (t) => {
    const { sender, abort, edited } = await setUp(t)
    t.equal(await sender.ends?.amend(999_999, 'no such message', abort.signal), false)
    t.strictSame(edited(), [])
  })

  t.test('an end of any size is a message that arrives whole', async (t) => {
    const { sender, notify, delivered } = await setUp(t)
    const huge = { ...RUN, noticeText: '👍'.repeat(longest), cause: 'why '.repeat(10_000) }
    const text = sender.ends?.sent(huge, '```\n'.repeat(100_000)) ?? ''
    t.ok([...text].length <= longest)
    await notify(text)
    t.strictSame(delivered(), [text])
    t.ok([...(sender.ends?.edited(huge, '```\n'.repeat(100_000)) ?? '')].length <= longest)
  })
}
