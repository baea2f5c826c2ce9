import type { Context, LocalContext } from './context.ts'

/** Whether somebody says yes to a question on the terminal; anything else is a no. */
export const saysYes = async ({ screen }: Pick<LocalContext, 'screen'>, question: string): Promise<boolean> =>
  /^y(es)?$/i.test(await screen.ask(`${question} [y/N]`))

/** The same where somebody can answer; elsewhere, and with `--yes`, nobody is asked, and it may be done. */
export async function consents(context: Context, question: string): Promise<boolean> {
  const { options, world } = context
  return options.yes === true || world.stdin.isTTY !== true || saysYes(context, question)
}
