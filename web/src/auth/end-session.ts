import { limited } from './limited.ts'

/** Nobody waits longer for a token, nor for the server, to be signed out, in milliseconds. */
const PATIENCE_MS = 3000

export const NOT_TOLD =
  'You are signed out in this browser. The server could not be told, so sessions elsewhere, and copies of this one, end by themselves within an hour.'

/**
 * Has the server refuse the tokens of the user from now on, and close their sockets. Returns what the user must know if
 * that failed, or null. Never throws: signing out in this browser goes on.
 */
export async function endSession(
  httpUrl: string,
  token: () => Promise<string>,
  send: typeof fetch = fetch,
): Promise<string | null> {
  try {
    const bearer = await limited(token(), PATIENCE_MS)
    const response = await send(new URL('/session', httpUrl), {
      method: 'DELETE',
      headers: { authorization: `Bearer ${bearer}` },
      signal: AbortSignal.timeout(PATIENCE_MS),
    })
    // What is refused has ended already.
    return response.ok || response.status === 401 ? null : NOT_TOLD
  } catch {
    return NOT_TOLD
  }
}
