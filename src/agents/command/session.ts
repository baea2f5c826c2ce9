/** Whether a text can be a session id of any program: a word that is no option. */
export const isCommandSession = (id: string): boolean => /^[A-Za-z0-9_][\w.:@/-]{0,199}$/.test(id)
