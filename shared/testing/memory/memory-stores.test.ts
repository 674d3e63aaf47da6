import { describeClaimStore } from '#shared/testing/contracts/claim-store.contract.ts'
import { describeDeadLetterStore } from '#shared/testing/contracts/dead-letter-store.contract.ts'
import { describeLogStore } from '#shared/testing/contracts/log-store.contract.ts'
import { describeSubscriptionStore } from '#shared/testing/contracts/subscription-store.contract.ts'
import { describeTicketStore } from '#shared/testing/contracts/ticket-store.contract.ts'
import { describeViewStore } from '#shared/testing/contracts/view-store.contract.ts'
import { memoryClaimStore } from './memory-claim-store.ts'
import { memoryDeadLetterStore } from './memory-dead-letter-store.ts'
import { memoryLogStore } from './memory-log-store.ts'
import { memorySubscriptionStore } from './memory-subscription-store.ts'
import { memoryTicketStore } from './memory-ticket-store.ts'
import { memoryViewStore } from './memory-view-store.ts'

let ticketTime = () => 0
let viewTime = () => 0
const views = memoryViewStore(undefined, () => viewTime())
const tickets = memoryTicketStore(() => ticketTime())
const stores = {
  log: memoryLogStore(),
  claims: memoryClaimStore(),
  deadLetters: memoryDeadLetterStore(),
  subscriptions: memorySubscriptionStore(),
}

describeLogStore('in memory', () => stores.log)
describeClaimStore('in memory', () => stores.claims)
describeDeadLetterStore('in memory', () => stores.deadLetters)
describeSubscriptionStore('in memory', () => stores.subscriptions)
describeTicketStore('in memory', (now) => {
  ticketTime = now
  return tickets
})
describeViewStore('in memory', (now) => {
  viewTime = now
  return views
})
