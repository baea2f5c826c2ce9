/** A program that starts an MCP server by itself: what starts it. */
export interface ServerCommand {
  readonly command: string
  readonly args: readonly string[]
}

/** A program that reads its MCP servers from a file of the project. */
export interface McpClient {
  readonly name: string
  /** Where the file may be, below the project's root; the first that is there counts, else the first. */
  readonly files: readonly [string, ...string[]]
  /** What has to be done there before it counts, if anything. */
  readonly afterwards: string
  /**
   * The text with the server in it, and all else as it was; the same text where it is in it already.
   * @throws {Error} with a sentence that says what is in the way
   */
  add(text: string, server: ServerCommand): string
}

/** Not "looper": that is how Looper calls the tools of a run in the settings of its agent, which would be mixed with these. */
export const SERVER_NAME = 'looper_runs'
