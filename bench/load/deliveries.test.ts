import { expect, it } from 'vitest'
import { createDeliveries } from './deliveries.ts'

/** Two channels, each with two viewers: 0 and 1, and 2 and 3. */
function twoChannels() {
  return createDeliveries((channel) => [2 * channel, 2 * channel + 1])
}

const at = (offset: number) => ({ topic: 'events', partition: 0, offset })

it('an event is due to each viewer of its channel, and its latency counts from when it was sent', () => {
  const deliveries = twoChannels()
  deliveries.sent(0, 1, 100)
  deliveries.arrived(2, { n: 0, position: at(7) }, 103)
  deliveries.arrived(3, { n: 0, position: at(7) }, 105)

  expect(deliveries.counts()).toEqual({
    events: 1,
    due: 2,
    delivered: 2,
    lost: 0,
    repeated: 0,
    outOfOrder: 0,
    unasked: 0,
  })
  expect(deliveries.latencies()).toEqual([3, 5])
})

it('what a viewer did not get is lost', () => {
  const deliveries = twoChannels()
  deliveries.sent(0, 0, 0)
  deliveries.arrived(1, { n: 0, position: at(0) }, 1)

  expect(deliveries.counts()).toMatchObject({ due: 2, delivered: 1, lost: 1 })
})

it('a second copy is a repeat, not a delivery', () => {
  const deliveries = twoChannels()
  deliveries.sent(0, 0, 0)
  deliveries.arrived(0, { n: 0, position: at(0) }, 1)
  deliveries.arrived(0, { n: 0, position: at(0) }, 2)

  expect(deliveries.counts()).toMatchObject({ delivered: 1, lost: 1, repeated: 1, outOfOrder: 0 })
})

it('an event below one that the same viewer got of its partition is out of order', () => {
  const deliveries = twoChannels()
  deliveries.sent(0, 0, 0)
  deliveries.sent(1, 0, 0)
  deliveries.arrived(0, { n: 1, position: at(1) }, 1)
  deliveries.arrived(0, { n: 0, position: at(0) }, 2)
  deliveries.arrived(1, { n: 0, position: at(0) }, 3)
  deliveries.arrived(1, { n: 1, position: at(1) }, 4)

  expect(deliveries.counts()).toMatchObject({ delivered: 4, outOfOrder: 1 })
})

it('the order of two partitions, and of servers that tell no positions, is not judged', () => {
  const deliveries = twoChannels()
  deliveries.sent(0, 0, 0)
  deliveries.sent(1, 0, 0)
  deliveries.arrived(0, { n: 1, position: at(9) }, 1)
  deliveries.arrived(0, { n: 0, position: { ...at(3), partition: 1 } }, 2)
  deliveries.arrived(1, { n: 1, position: null }, 3)
  deliveries.arrived(1, { n: 0, position: null }, 4)

  expect(deliveries.counts()).toMatchObject({ delivered: 4, outOfOrder: 0 })
})

it('an event of another channel, and one that nobody sent, are unasked', () => {
  const deliveries = twoChannels()
  deliveries.sent(0, 0, 0)
  deliveries.arrived(2, { n: 0, position: at(0) }, 1)
  deliveries.arrived(0, { n: 5, position: at(1) }, 1)

  expect(deliveries.counts()).toMatchObject({ delivered: 0, unasked: 2 })
})

it('what was refused is due to nobody', () => {
  const deliveries = twoChannels()
  deliveries.sent(0, 0, 0)
  deliveries.refused(0)

  expect(deliveries.counts()).toMatchObject({ events: 0, due: 0, lost: 0 })
})
