import { describe, expect, it } from 'vitest'
import { PROTOCOLS } from './protocols.ts'

const position = { topic: 'events', partition: 1, offset: 42 }
const event = { id: 'bench-7', data: { n: 7 } }
const taken = { does: 'take', events: [{ n: 7, position }] }

describe('tidewire', () => {
  const { react } = PROTOCOLS.tidewire

  it('takes each event of a frame with its position', () => {
    const second = { ...position, offset: 43, event: { id: 'bench-8', data: { n: 8 } } }
    const frame = { type: 'events', ids: ['s'], events: [{ ...position, event }, second] }
    expect(react(JSON.stringify(frame), 'c')).toEqual({
      does: 'take',
      events: [
        { n: 7, position },
        { n: 8, position: { ...position, offset: 43 } },
      ],
    })
  })

  it('is ready when it is subscribed, and fails at a gap and at an error', () => {
    expect(react('{"type":"subscribed"}', 'c')).toEqual({ does: 'ready' })
    expect(react('{"type":"gap"}', 'c').does).toBe('fail')
    expect(react('{"type":"error"}', 'c').does).toBe('fail')
  })
})

describe('socket.io', () => {
  const { react } = PROTOCOLS['socket.io']

  it('connects to the namespace, joins its room and is ready at the acknowledgement', () => {
    expect(react('0{"sid":"a"}', 'c')).toEqual({ does: 'reply', text: '40' })
    expect(react('40{"sid":"a"}', 'c')).toEqual({ does: 'reply', text: '420["join","c"]' })
    expect(react('430[]', 'c')).toEqual({ does: 'ready' })
  })

  it('responds to a ping and takes an event', () => {
    expect(react('2', 'c')).toEqual({ does: 'reply', text: '3' })
    expect(react(`42${JSON.stringify(['event', { ...position, event }])}`, 'c')).toEqual(taken)
  })
})

describe('bare', () => {
  const { react } = PROTOCOLS.bare

  it('is ready when it has joined and takes an event', () => {
    expect(react('{"joined":"c"}', 'c')).toEqual({ does: 'ready' })
    expect(react(JSON.stringify({ ...position, event }), 'c')).toEqual(taken)
  })
})

describe('centrifugo', () => {
  const { react } = PROTOCOLS.centrifugo

  it('is ready at the answer to subscribe, also in one frame with that to connect', () => {
    expect(react('{"id":1,"connect":{}}', 'c')).toEqual({ does: 'nothing' })
    expect(react('{"id":1,"connect":{}}\n{"id":2,"subscribe":{}}', 'c')).toEqual({ does: 'ready' })
  })

  it('fails at an error and responds to a ping', () => {
    expect(react('{"id":2,"error":{"code":103}}', 'c').does).toBe('fail')
    expect(react('{}', 'c')).toEqual({ does: 'reply', text: '{}' })
  })

  it('takes every publication of a frame, without positions', () => {
    const push = (n: number) => JSON.stringify({ push: { channel: 'c', pub: { data: { data: { n } } } } })
    expect(react(`${push(1)}\n${push(2)}`, 'c')).toEqual({
      does: 'take',
      events: [
        { n: 1, position: null },
        { n: 2, position: null },
      ],
    })
  })
})
