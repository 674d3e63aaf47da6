import * as z from 'zod'
import { ROLES } from '#shared/core/access/role.ts'
import { AUDITED, AUDITED_ACTIONS, auditType } from '#shared/core/audit.ts'
import type { EventDefinition } from './define-domain.ts'

const principal = z.looseObject({
  kind: z.enum(['user', 'service', 'key']),
  name: z.string(),
  role: z.enum(ROLES),
})

/** The data of every audit event; `action` and `outcome` are those of its type. */
const members = {
  action: z.enum(AUDITED_ACTIONS),
  outcome: z.enum(['done', 'refused']),
  principal: principal.optional().meta({ description: 'Who acted; missing if the credentials did not say.' }),
  address: z.string().optional().meta({ description: 'The address of the client.' }),
  requestId: z.string().optional().meta({ description: "The gateway's id of the request." }),
  target: z.string().optional().meta({ description: 'What it was done to, or asked of.' }),
  reason: z.string().optional().meta({ description: 'Why it was done or refused.' }),
  omitted: z.int().min(1).optional().meta({
    description: 'How many equal ones were left out before this one.',
  }),
  details: z.record(z.string(), z.union([z.string(), z.number(), z.boolean()])).optional(),
}
const entry = z.looseObject(members)

/** What an audit event says, as the page and the command line show it. */
export type AuditData = z.infer<z.ZodObject<typeof members>>

/** The event types of the audit trail: one for each audited action, which only Tidewire itself writes. */
export const auditEvents: Readonly<Record<string, EventDefinition<AuditData>>> = Object.fromEntries(
  AUDITED_ACTIONS.map((action) => [
    auditType(action),
    {
      schema: entry.meta({
        description: AUDITED[action].description,
        examples: [exampleOf(action)],
      }),
      isInternal: true,
    },
  ]),
)

function exampleOf(action: (typeof AUDITED_ACTIONS)[number]): AuditData {
  const { outcome } = AUDITED[action]
  const common = { action, outcome, address: '203.0.113.7', requestId: 'Jf2mxgZ0liAEJ3Q=' }
  if (outcome === 'refused')
    return { ...common, target: 'GET /keys', reason: 'The role viewer may not do "keys.read".', omitted: 3 }
  const ada: AuditData['principal'] = { kind: 'user', name: 'ada@example.com', role: 'admin' }
  return { ...common, principal: ada, target: 'arrival-7781' }
}
