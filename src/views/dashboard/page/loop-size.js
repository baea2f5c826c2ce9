/** How many bytes a memory has. @param {string} text */
export const sizeOf = (text) => new TextEncoder().encode(text).length
