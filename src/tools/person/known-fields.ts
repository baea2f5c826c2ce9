/** What is known of something: a model reads each word, and what is null tells it nothing. */
export const knownFields = (all: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(all).filter(([, value]) => value !== null))
