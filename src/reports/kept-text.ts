/** A text as it can be kept and sent on: without NUL, and in whole characters. */
export const keptText = (text: string) => text.replaceAll('\0', '\ufffd').toWellFormed()
