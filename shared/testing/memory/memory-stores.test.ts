import type { Retention } from '#shared/core/retention.ts'
import { describeArchive } from '#shared/testing/contracts/archive.contract.ts'
import { describeClaimStore } from '#shared/testing/contracts/claim-store.contract.ts'
import { describeDeadLetterStore } from '#shared/testing/contracts/dead-letter-store.contract.ts'
import { describeEventStore } from '#shared/testing/contracts/event-store.contract.ts'
import { describeHandshakeSecretStore } from '#shared/testing/contracts/handshake-secret-store.contract.ts'
import { describeKeyStore } from '#shared/testing/contracts/key-store.contract.ts'
import { describeLogInspector } from '#shared/testing/contracts/log-inspector.contract.ts'
import { describePersonStore } from '#shared/testing/contracts/person-store.contract.ts'
import { describeRateCounter } from '#shared/testing/contracts/rate-counter.contract.ts'
import { describeReplayStore } from '#shared/testing/contracts/replay-store.contract.ts'
import { describeReportStore } from '#shared/testing/contracts/report-store.contract.ts'
import { describeRevocationStore } from '#shared/testing/contracts/revocation-store.contract.ts'
import { describeSenderKeyStore } from '#shared/testing/contracts/sender-key-store.contract.ts'
import { describeSigningKeyStore } from '#shared/testing/contracts/signing-key-store.contract.ts'
import { describeSubscriptionStore } from '#shared/testing/contracts/subscription-store.contract.ts'
import { describeTicketStore } from '#shared/testing/contracts/ticket-store.contract.ts'
import { describeTrialStore } from '#shared/testing/contracts/trial-store.contract.ts'
import { describeViewStore } from '#shared/testing/contracts/view-store.contract.ts'
import { memoryArchive } from './memory-archive.ts'
import { memoryClaimStore } from './memory-claim-store.ts'
import { memoryDeadLetterStore } from './memory-dead-letter-store.ts'
import { memoryEventStore } from './memory-event-store.ts'
import { memoryHandshakeSecretStore } from './memory-handshake-secret-store.ts'
import { memoryKeyStore } from './memory-key-store.ts'
import { memoryLogInspector } from './memory-log-inspector.ts'
import { memoryPersonStore } from './memory-person-store.ts'
import { memoryRateCounter } from './memory-rate-counter.ts'
import { memoryReplayStore } from './memory-replay-store.ts'
import { memoryReportStore } from './memory-report-store.ts'
import { memoryRevocationStore } from './memory-revocation-store.ts'
import { memorySenderKeyStore } from './memory-sender-key-store.ts'
import { memorySigningKeyStore } from './memory-signing-key-store.ts'
import { memorySubscriptionStore } from './memory-subscription-store.ts'
import { memoryTicketStore } from './memory-ticket-store.ts'
import { memoryTrialStore } from './memory-trial-store.ts'
import { memoryViewStore } from './memory-view-store.ts'

let logTime = () => 0
let ticketTime = () => 0
let viewTime = () => 0
let reportTime = () => 0
let revocationTime = () => 0
let viewRetention: Pick<Retention, 'ofView'> = { ofView: () => undefined }
const viewStore = memoryViewStore(undefined, () => viewTime(), {
  ofView: (view) => viewRetention.ofView(view),
})
const handshakeSecrets = memoryHandshakeSecretStore()
const signingKeys = memorySigningKeyStore()
const senderKeys = memorySenderKeyStore()
const persons = memoryPersonStore()
const tickets = memoryTicketStore(() => ticketTime())
const revocations = memoryRevocationStore(() => revocationTime())
const reports = memoryReportStore(() => reportTime())
const rateCounter = memoryRateCounter()
const stores = {
  store: memoryEventStore(undefined, () => logTime(), 7 * 86_400_000),
  claims: memoryClaimStore(),
  deadLetters: memoryDeadLetterStore(),
  keys: memoryKeyStore(),
  replays: memoryReplayStore(),
  subscriptions: memorySubscriptionStore(),
}

describeEventStore('in memory', (now) => {
  logTime = now
  return stores.store
})
describeArchive('in memory', () => archive)
describeClaimStore('in memory', () => stores.claims)
const archive = memoryArchive()
const trials = memoryTrialStore()
describeDeadLetterStore('in memory', () => stores.deadLetters)
describeTrialStore('in memory', () => trials)
describeKeyStore('in memory', () => stores.keys)
describeReplayStore('in memory', () => stores.replays)
describeRevocationStore('in memory', (now) => {
  revocationTime = now
  return revocations
})
describeSubscriptionStore('in memory', () => stores.subscriptions)
describeHandshakeSecretStore('in memory', () => handshakeSecrets)
describeSigningKeyStore('in memory', () => signingKeys)
describeSenderKeyStore('in memory', () => senderKeys)
describePersonStore('in memory', () => persons)
describeTicketStore('in memory', (now) => {
  ticketTime = now
  return tickets
})
describeViewStore('in memory', (now, retention) => {
  viewTime = now
  viewRetention = retention
  return viewStore
})
describeRateCounter('in memory', () => rateCounter)
describeReportStore('in memory', (now) => {
  reportTime = now
  return reports
})

describeLogInspector('in memory', async () => {
  const inspector = memoryLogInspector()
  return {
    inspector,
    async createTopic() {
      inspector.create('inspected', 2)
      return 'inspected'
    },
    async append(partition, records) {
      for (const record of records) inspector.append(partition, record)
    },
  }
})
