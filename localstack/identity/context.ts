import type { CognitoService } from 'cognito-local/lib/services/index.js'

/** What every call of the emulator takes. */
export type Context = Parameters<CognitoService['listUserPools']>[0]

const logger: Context['logger'] = {
  child: () => logger,
  debug: () => {},
  error: () => {},
  info: () => {},
  warn: () => {},
}

/** A context that logs nothing: what goes wrong is answered to the caller. */
export const quietContext: Context = { logger }
