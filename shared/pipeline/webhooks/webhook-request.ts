/** A request as a sender's signature sees it: header names in lower case, the body as the bytes that were sent. */
export type WebhookRequest = {
  readonly method: string
  /** The public URL that the sender called, with its query. */
  readonly url: string
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Uint8Array
}
