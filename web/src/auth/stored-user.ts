import type { Identity } from './session.ts'

/** Under which names aws-amplify keeps a user's tokens. */
const prefixOf = ({ clientId }: Identity) => `CognitoIdentityServiceProvider.${clientId}.`

/** Whether the browser remembers a user: told without loading aws-amplify. */
export function hasStoredUser(identity: Identity, storage: Storage): boolean {
  return storage.getItem(`${prefixOf(identity)}LastAuthUser`) !== null
}

/** Whether a change of this key may mean another user; null is a storage that was cleared. */
export function isSessionKey(identity: Identity, key: string | null): boolean {
  return key === null || key.startsWith(prefixOf(identity))
}
