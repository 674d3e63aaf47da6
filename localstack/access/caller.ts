/**
 * The access key of a function. In Lambda each function has the credentials of its role in its environment; here it has
 * these, so a request says who sent it, also one that is sent in the background of an instance. Letters and digits only,
 * because DynamoDB Local takes no others.
 */
export function accessKeyOf(functionKey: string): string {
  return `LOCAL${functionKey.replace(/[^0-9A-Za-z]/g, (character) => `x${character.charCodeAt(0)}x`)}`
}

/** The access key that a request is signed with; null if it is not signed. */
export function accessKeyIn(authorization: string | undefined): string | null {
  // AWS4-HMAC-SHA256 Credential=<key>/<day>/…
  const begin = authorization?.indexOf('Credential=') ?? -1
  if (authorization === undefined || begin === -1) return null
  const from = begin + 'Credential='.length
  const end = authorization.indexOf('/', from)
  return end === -1 ? null : authorization.slice(from, end)
}
