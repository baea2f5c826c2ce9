/** From where on these bytes hold whole characters, if a cut may have parted one there. @param from where the cut is */
export function characterAfter(bytes: Buffer, from: number): number {
  let begin = from
  while (begin < from + 3 && (Number(bytes[begin]) & 0xc0) === 0x80) begin++
  return begin
}

/** How many of these bytes hold no character whose rest may still come. */
export function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back <= 3; back++) {
    const byte = bytes.at(-back) ?? 0
    // One that continues a character tells nothing of its length.
    if ((byte & 0xc0) === 0x80) continue
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1
    return length > back ? bytes.length - back : bytes.length
  }
  return bytes.length
}
