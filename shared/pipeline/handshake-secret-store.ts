/** How many secrets of handshakes a source has at most: one for each webhook that delivers to it. */
export const KEPT_SECRETS = 10

/** The secrets that senders made themselves and sent in handshakes, for those that tell them nowhere else. */
export type HandshakeSecretStore = {
  /** Returns the secrets of a source, with strong consistency. */
  list(source: string): Promise<readonly string[]>
  /** Keeps a secret of a source. Returns false if the source has `KEPT_SECRETS` others. */
  keep(source: string, secret: string): Promise<boolean>
}
