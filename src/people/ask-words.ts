import { oneLine } from '../base/one-line.ts'
import type { Sign } from '../notices/ear.ts'
import type { Ask } from './ask.ts'

const SHOWN_CHARACTERS = 300

/** What the agent asks, its choices by their numbers. */
export const questionWords = ({ question, choices, reference, defaultAnswer }: Ask): string =>
  [
    question,
    ...choices.map((choice, at) => `${at + 1}. ${choice}`),
    ...(reference === null ? [] : [`About: ${reference}`]),
    ...(defaultAnswer === null ? [] : [`Where nobody answers: ${defaultAnswer}`]),
  ].join('\n')

/** How it can be answered. */
export function howToAnswer({ id, choices, deadlineAt }: Ask): string {
  const until = deadlineAt === null ? '' : ` until ${new Date(deadlineAt).toISOString()}`
  const begin = `or write \`${id}: …\``
  if (choices.length === 0) return `Answer${until}: reply with a quote of this message, ${begin}.`
  const what = isYesOrNo(choices) ? 'with a thumb' : 'with its number'
  return `Answer${until}: react ${what}, reply with a quote of this message, ${begin}.`
}

/** What became of it. @param plain how a person's words are shown */
export function endWords({ id, state, answer, answeredBy }: Ask, plain: (text: string) => string): string {
  const shown = answer === null ? '' : plain(oneLine(answer, SHOWN_CHARACTERS))
  if (state === 'answered') return `✅ ${plain(answeredBy ?? 'Somebody')} answered \`${id}\`: ${shown}`
  if (state !== 'expired') return `⏹ Nobody has to answer \`${id}\` any more: its run has ended.`
  const counts = answer === null ? '' : ` The default counts: ${shown}`
  return `⏱ Nobody answered \`${id}\` until its deadline.${counts}`
}

/** By which reactions it can be answered. */
export const signsOf = ({ choices }: Ask): readonly Sign[] =>
  isYesOrNo(choices) ? ['yes', 'no'] : choices.map((_choice, at) => at + 1)

/** The answer that a reaction is; null: none. */
export function answerBySign({ choices }: Ask, sign: Sign): string | null {
  if (typeof sign === 'number') return choices[sign - 1] ?? null
  return isYesOrNo(choices) ? named(choices, sign) : null
}

/** The answer that a text is: the choice that it names, by its words or its number; else itself. */
export function answerByText({ choices }: Ask, text: string): string {
  const number = /^(\d{1,2})[.)]?$/.exec(text)?.[1]
  return named(choices, text) ?? (number === undefined ? null : choices[Number(number) - 1]) ?? text
}

const isYesOrNo = (choices: readonly string[]) =>
  choices.length === 2 && named(choices, 'yes') !== null && named(choices, 'no') !== null

function named(choices: readonly string[], text: string): string | null {
  const isSame = (choice: string) => choice.toLowerCase() === text.toLowerCase()
  return choices.find((choice) => choice === text) ?? choices.find(isSame) ?? null
}
