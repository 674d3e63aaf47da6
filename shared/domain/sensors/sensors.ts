import * as z from 'zod'
import { channelSegment } from '#shared/core/channel.ts'
import { defineDomain } from '#shared/domain/define-domain.ts'
import { MEASURES, NAME_LENGTH, RANGES } from './readings.ts'
import { LIMITS } from './sensor-view.ts'
import { sensorsViews } from './sensors-views.ts'
import { simulateSensors } from './simulate-sensors.ts'

const [coldest, hottest] = RANGES.temperature
const [driest, wettest] = RANGES.humidity
const measured = {
  sensorId: z
    .string()
    .min(1)
    .max(NAME_LENGTH)
    .optional()
    .meta({ description: 'The id of the sensor. If it is missing, the subject is the id.' }),
  location: z.string().max(NAME_LENGTH).optional(),
  temperature: z.number().min(coldest).max(hottest).optional().meta({ description: 'Degrees Celsius.' }),
  humidity: z
    .number()
    .min(driest)
    .max(wettest)
    .optional()
    .meta({ description: 'Relative humidity, per cent.' }),
}
const reading = z
  .looseObject(measured)
  .refine((data) => MEASURES.some((measure) => data[measure] !== undefined), {
    error: 'a reading has a number as "temperature", as "humidity", or as both',
  })
  .meta({
    description: 'The values that a sensor measured.',
    examples: [{ sensorId: 'dock-3', temperature: 21.4, humidity: 63 }],
    anyOf: MEASURES.map((measure) => ({ required: [measure] })),
  })
const alert = z.looseObject({ ...measured, reason: z.string().optional() }).optional()

/** Derives the channel of an event of a type: each named sensor has its own. */
function channelOf(type: string) {
  const of = (data: { readonly sensorId?: string | undefined } | undefined) =>
    data?.sensorId === undefined ? type : `${type}.${channelSegment(data.sensorId)}`
  return { rule: `"${type}.<sensorId>", or "${type}" without one`, of }
}

export const sensors = defineDomain({
  ...sensorsViews,
  topics: { 'sensor-readings': ['sensor.reading.**'], 'sensor-alerts': ['sensor.**'] },
  events: {
    'sensor.reading': {
      schema: reading,
      category: channelOf('sensor.reading'),
      severity: {
        rule: `"high" above ${LIMITS.temperature} °C or ${LIMITS.humidity} % humidity, else "info"`,
        of: (data) => (MEASURES.some((measure) => (data[measure] ?? 0) > LIMITS[measure]) ? 'high' : 'info'),
      },
      key: ({ sensorId }) => sensorId,
    },
    'sensor.alert': {
      schema: alert.meta({
        description: 'A measured value is above its limit.',
        examples: [{ sensorId: 'dock-3', temperature: 41.2, reason: 'temperature above 35 °C' }],
      }),
      category: channelOf('sensor.alert'),
      severity: 'high',
      key: (data) => data?.sensorId,
    },
    'sensor.recovered': {
      schema: alert.meta({
        description: 'A measured value is back to normal.',
        examples: [{ sensorId: 'dock-3', temperature: 34.8, reason: 'temperature back to at most 35 °C' }],
      }),
      category: channelOf('sensor.recovered'),
      severity: 'info',
      key: (data) => data?.sensorId,
    },
  },
  simulate: simulateSensors,
})
