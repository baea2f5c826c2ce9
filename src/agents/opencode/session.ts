/** Whether a text has the form of an opencode session id. */
export const isOpencodeSession = (id: string): boolean => /^ses_\w{1,100}$/.test(id)
