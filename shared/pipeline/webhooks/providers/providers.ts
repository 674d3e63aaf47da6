import type { Provider } from '#shared/pipeline/webhooks/provider.ts'
import { alertProviders } from './alert-providers.ts'
import { buildProviders } from './build-providers.ts'
import { codeHostProviders } from './code-host-providers.ts'
import { collaborationProviders } from './collaboration-providers.ts'
import { commerceProviders } from './commerce-providers.ts'
import { documentProviders } from './document-providers.ts'
import { financeProviders } from './finance-providers.ts'
import { messagingProviders } from './messaging-providers.ts'
import { operationsProviders } from './operations-providers.ts'
import { platformProviders } from './platform-providers.ts'

import { publishedKeyProviders } from './published-key-providers.ts'
import { socialProviders } from './social-providers.ts'
import { standardProviders } from './standard-providers.ts'

/** Every sender that is built in, by the name of its source. */
export const providers: Readonly<Record<string, Provider>> = {
  ...publishedKeyProviders,
  ...buildProviders,
  ...alertProviders,
  ...documentProviders,
  ...codeHostProviders,
  ...collaborationProviders,
  ...commerceProviders,
  ...financeProviders,
  ...messagingProviders,
  ...operationsProviders,
  ...platformProviders,
  ...socialProviders,
  ...standardProviders,
}
