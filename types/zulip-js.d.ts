declare module 'zulip-js' {
  interface ZulipClient {
    callEndpoint(
      endpoint: string,
      method: 'GET' | 'POST' | 'PATCH',
      params: Readonly<Record<string, string>>,
    ): Promise<unknown>
    readonly messages: {
      retrieve(params: Readonly<Record<string, unknown>>): Promise<unknown>
      send(params: Readonly<Record<string, string | readonly string[] | readonly number[]>>): Promise<unknown>
    }
    readonly users: { retrieve(): Promise<unknown>; readonly me: { getProfile(): Promise<unknown> } }
  }
  export default function zulip(config: {
    realm: string
    username: string
    apiKey: string
  }): Promise<ZulipClient>
}
