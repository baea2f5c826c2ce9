/** Past this many code points Zulip cuts a message and still answers 200 (its MAX_MESSAGE_LENGTH). */
export const MAX_CODE_POINTS = 10_000

/** How long a text is for Zulip. */
export const pointsIn = (text: string): number => [...text].length

/** The text, or as much of its beginning as fits with a mark that there was more. */
export function cut(text: string, points: number): string {
  const all = [...text]
  return all.length <= points ? text : `${all.slice(0, points - 1).join('')}…`
}
