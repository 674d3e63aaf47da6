import * as z from 'zod'
import { PRIORITIES } from './case.ts'

/** What every event of the port may say. */
const common = {
  title: z
    .string()
    .max(200)
    .optional()
    .meta({ description: 'A line for people; made of the type without it.' }),
  description: z.string().optional(),
  priority: z.enum(PRIORITIES).optional().meta({ description: '"normal" where it is left out.' }),
  location: z.string().optional(),
  coordinates: z
    .looseObject({ latitude: z.number().min(-90).max(90), longitude: z.number().min(-180).max(180) })
    .optional()
    .meta({ description: 'Degrees, WGS 84.' }),
  metadata: z.looseObject({}).optional().meta({ description: 'Whatever else belongs to it.' }),
  requiresAction: z.boolean().optional(),
}
const minutes = z.number().min(0).optional().meta({ description: 'How late, in minutes.' })
const berthName = z.string().optional()
const nameOf = (what: string) =>
  z
    .string()
    .optional()
    .meta({ description: `Without it the subject names the ${what}.` })

const aboutContainer = {
  containerId: nameOf('container'),
  berth: berthName,
  weightKg: z.number().min(0).optional(),
}
const aboutShip = { shipId: nameOf('ship'), berth: berthName }

export const container = z.looseObject({ ...aboutContainer, ...common }).optional()
export const delayedContainer = z.looseObject({ ...aboutContainer, minutes, ...common }).optional()
export const temperatureAlarm = z
  .looseObject({
    ...aboutContainer,
    temperature: z.number().optional().meta({ description: 'Degrees Celsius.' }),
    setpoint: z.number().optional().meta({ description: 'What it should be, in degrees Celsius.' }),
    ...common,
  })
  .optional()
export const ship = z.looseObject({ ...aboutShip, ...common }).optional()
export const delayedShip = z.looseObject({ ...aboutShip, minutes, ...common }).optional()
export const berth = z
  .looseObject({ berthId: nameOf('berth'), shipId: z.string().optional(), ...common })
  .optional()
export const berthConflict = z
  .looseObject({
    berthId: nameOf('berth'),
    shipId: z.string().optional().meta({ description: 'The ship that has the berth.' }),
    contender: z.string().optional().meta({ description: 'The ship that it was given to meanwhile.' }),
    ...common,
  })
  .optional()
export const notice = z.looseObject(common).optional()

/** A move of a lifecycle; its subject is the id of the event that is moved. */
export const move = z.looseObject({
  move: z.string(),
  by: z.string().meta({ description: 'Who made the move.' }),
  at: z.string().meta({ description: 'When, RFC 3339.' }),
  from: z.string().optional().meta({ description: 'The status that the one who moved it saw.' }),
  to: z.string().optional(),
  note: z.string().optional(),
  assignee: z.string().nullable().optional(),
})
