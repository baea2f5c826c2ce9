import { Type } from '../base/schema.ts'
import { type PersonTool, personTool } from '../tools/tool.ts'
import type { Asks } from './asks.ts'

/** Answers a question of an agent, as `POST /asks/:ask_id/answer` does. */
export const answerTool = ({ asks }: { readonly asks: Pick<Asks, 'answer'> }): PersonTool =>
  personTool({
    name: 'answer',
    description:
      'Answer a question that the agent inside a run asks people. Once: who comes second is refused.',
    input: Type.Object(
      {
        ask_id: Type.String(),
        answer: Type.String({ description: 'One of its choices, where it has some.' }),
      },
      { additionalProperties: false },
    ),
    isReadOnly: false,
    scope: 'answer',
    async call({ ask_id, answer }, caller) {
      const { question, state, runId } = asks.answer(ask_id, answer, caller?.name ?? null, null)
      return { ask_id, run_id: runId, question, answer, state }
    },
  })
