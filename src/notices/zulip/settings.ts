import { filePath, flag, list, matching, oneOf, setting, text } from '../../settings/form.ts'
import { part } from '../../settings/part.ts'

/** Zulip as the environment gives it; what is null is looked up in the zuliprc file. */
export interface ZulipSettings {
  readonly site: string | null
  readonly email: string | null
  readonly key: string | null
  readonly rcPath: string
  /** True where the file was named: then it must be there. */
  readonly rcRequired: boolean
  readonly profile: string
  readonly type: 'stream' | 'private'
  readonly stream: string
  readonly topic: string
  readonly to: string | null
  readonly required: boolean
  readonly listens: boolean
  /** The ids of those who may answer and command. */
  readonly people: readonly string[]
}

const forms = {
  ZULIP_SITE: setting(
    matching(/^https?:\/\/[^/]+.*$/, 'an address that begins with https://'),
    'from the zuliprc file',
    'the address of the Zulip server',
    'https://chat.example.com',
  ),
  ZULIP_BOT_EMAIL: setting(
    text('the e-mail address of a Zulip bot'),
    'from the zuliprc file',
    'the e-mail address of the bot',
    'looper-bot@chat.example.com',
  ),
  ZULIP_BOT_API_KEY: setting(
    { ...text('the API key of a Zulip bot'), isSecret: true },
    'from the zuliprc file',
    'the API key of the bot',
    'the-key-of-the-bot',
  ),
  ZULIPRC_PATH: setting(
    filePath(),
    '`~/.zuliprc`',
    'the zuliprc file, for what is not set above; one that is named must be there',
    '~/.zuliprc',
  ),
  ZULIP_PROFILE: setting(
    text('the name of a section in the zuliprc file'),
    '`api`',
    'the section of the zuliprc file',
  ),
  ZULIP_MESSAGE_TYPE: setting(
    oneOf('stream|private', 'stream or private'),
    '`stream`',
    'where notices go: `stream` (a channel) or `private` (one person)',
  ),
  ZULIP_STREAM: setting({ ...text('the name of a channel'), isVerbatim: true }, '`coding`', 'the channel'),
  ZULIP_TOPIC: setting(
    { ...matching(/^.{1,60}$/su, 'a topic of 1 to 60 characters'), isVerbatim: true },
    '`verified-cad`',
    'the topic, at most 60 characters',
  ),
  ZULIP_TO: setting(
    { ...text('an e-mail address, a numeric user id, or a name'), isVerbatim: true },
    'none',
    'for `private`: an e-mail address, a user id, or a name',
    'someone@example.com',
  ),
  LOOPER_ZULIP_REQUIRED: setting(
    flag(),
    '`0`',
    '`1`: a run fails where Zulip is not configured; otherwise its notice goes to the server log',
  ),
  ZULIP_LISTEN: setting(flag(), '`0`', '`1`: hear what people answer and ask for in Zulip'),
  LOOPER_PEOPLE: setting(
    list(',', 'user ids of Zulip, separated by commas', (id) => (/^[1-9]\d{0,14}$/.test(id) ? id : null)),
    'nobody',
    'who may answer and command in Zulip: the numbers of users, separated by commas',
    '10,12',
  ),
}

/** The settings of Zulip. */
export const zulipSettings = part(
  'Zulip',
  forms,
  (values, { resolve, problems, warnings }): ZulipSettings => {
    const type = values.ZULIP_MESSAGE_TYPE?.toLowerCase() === 'private' ? 'private' : 'stream'
    if (type === 'private' && !values.ZULIP_TO) {
      problems.push('ZULIP_TO: nothing given, expected the recipient, because ZULIP_MESSAGE_TYPE is private')
    }
    const listens = values.ZULIP_LISTEN ?? false
    const people = [...new Set(values.LOOPER_PEOPLE ?? [])]
    if (people.length > 0 && !listens)
      warnings.push('LOOPER_PEOPLE counts for nothing: nobody is listened to without ZULIP_LISTEN=1')
    return {
      site: values.ZULIP_SITE ?? null,
      email: values.ZULIP_BOT_EMAIL ?? null,
      key: values.ZULIP_BOT_API_KEY ?? null,
      rcPath: resolve(values.ZULIPRC_PATH ?? '~/.zuliprc'),
      rcRequired: values.ZULIPRC_PATH !== undefined,
      profile: values.ZULIP_PROFILE ?? 'api',
      type,
      stream: values.ZULIP_STREAM ?? 'coding',
      topic: values.ZULIP_TOPIC ?? 'verified-cad',
      to: values.ZULIP_TO ?? null,
      required: values.LOOPER_ZULIP_REQUIRED ?? false,
      listens,
      people,
    }
  },
)
