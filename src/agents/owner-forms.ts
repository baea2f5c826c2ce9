import { filePath, list, setting, text } from '../settings/form.ts'

/** The program of an agent. */
export const programForm = (agent: string, byDefault = `\`${agent}\` on \`PATH\``) =>
  setting(
    filePath('a path, or the name of a program on PATH'),
    byDefault,
    `the ${agent} program: a path, or a name on \`PATH\``,
    agent,
  )

/** Its model. */
export const modelForm = (agent: string, example: string) =>
  setting(
    text('the name of a model'),
    `${agent}'s own choice`,
    `the model of ${agent} where a request names none`,
    example,
  )

/** Its further arguments. @param command what they are arguments of, in Markdown */
export const argumentsForm = (command: string, example: string) =>
  setting(
    list(',', 'arguments, separated by commas'),
    'none',
    `further arguments of ${command}, separated by commas`,
    example,
  )
