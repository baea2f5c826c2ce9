/** Where the diff of what a run changed is kept: beside its log, and removed with it. */
export const diffPathOf = (logPath: string): string => `${logPath}.diff`
