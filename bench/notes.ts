/** Why a number is not what it should be, and what is planned; by the row it is about. */
export const NOTES: Readonly<Record<string, string>> = {}
