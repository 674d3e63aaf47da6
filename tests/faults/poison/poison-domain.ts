import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { copySources, replaceIn } from '../../support/copy-sources.ts'

/** The topic of the domain. */
export const TOPIC = 'crane-events'

/** A domain whose view throws at some events, and whose state becomes too large with others. */
const DOMAIN = `import * as z from 'zod'
import { defineDomain, defineView } from './define-domain.ts'

type Lifts = { readonly lifts: number; readonly note: string }

export const cranes = defineDomain({
  name: 'cranes',
  topics: { '${TOPIC}': ['crane.**'] },
  events: {
    'crane.lifted': {
      schema: z.object({ crane: z.string(), n: z.number(), broken: z.boolean().optional(), note: z.string().optional() }),
      category: 'crane.lift',
      key: ({ crane }: { crane: string }) => crane,
    },
    'crane.calibrated': { schema: z.unknown().optional(), category: 'crane.service', isInternal: true },
  },
  views: {
    lifts: defineView<Lifts>({
      description: 'the lifts of each crane',
      lateEvents: 'as they come',
      channels: ['crane.lift'],
      keys: ({ event }) => [(event.data as { crane: string }).crane],
      initial: () => ({ lifts: 0, note: '' }),
      apply: (state, { event }) => {
        const { broken, note = '' } = event.data as { broken?: boolean; note?: string }
        if (broken) throw new Error('the crane is broken')
        return { lifts: state.lifts + 1, note }
      },
      merge: (left, right) => ({ lifts: left.lifts + right.lifts, note: '' }),
    }),
  },
})
`

/** Copies the sources, and adds the domain to the copy. Returns the folder. */
export async function copyWithCranes(): Promise<string> {
  const folder = await copySources()
  const domains = join(folder, 'shared/domain')
  await writeFile(join(domains, 'cranes.ts'), DOMAIN)
  await replaceIn(
    join(domains, 'catalog.ts'),
    "import type { Domain } from './define-domain.ts'",
    "import { cranes } from './cranes.ts'\nimport type { Domain } from './define-domain.ts'",
  )
  await replaceIn(join(domains, 'catalog.ts'), 'sensors, tidewire]', 'sensors, cranes, tidewire]')
  await replaceIn(
    join(folder, 'serverless.yml'),
    '      - container-events\n',
    `      - container-events\n      - ${TOPIC}\n`,
  )
  return folder
}
