import { describe, expect, it, vi } from 'vitest'
import { bytesOf, hexLines, isText, prettyText, sayBytes, textOf } from './bytes.ts'

describe('the bytes of a record', () => {
  it('are text, or not', () => {
    expect(textOf('w7xiZXI=')).toBe('über')
    expect(textOf(null)).toBe('')
    expect(isText('w7xiZXI=')).toBe(true)
    expect(isText('//79')).toBe(false)
    expect(isText('AAE=')).toBe(false)
  })

  it('are shown as a hex dump', () => {
    const bytes = bytesOf(btoa('Container BOX-1\n, at the gate'))
    expect(hexLines(bytes, 1000)).toEqual([
      '000000  43 6f 6e 74 61 69 6e 65 72 20 42 4f 58 2d 31 0a  Container BOX-1.',
      '000010  2c 20 61 74 20 74 68 65 20 67 61 74 65           , at the gate',
    ])
    expect(hexLines(bytes, 16)).toHaveLength(1)
  })

  it('are indented if they are JSON, and keep the digits of large numbers', () => {
    expect(prettyText('{"a":1}')).toBe('{\n  "a": 1\n}')
    expect(prettyText('{"a":12345678901234567890,"b":1e400}')).toBe(
      '{\n  "a": 12345678901234567890,\n  "b": 1e400\n}',
    )
    expect(prettyText('not {json')).toBe('not {json')
  })

  it('are shown as they are if the browser would round their numbers', () => {
    vi.stubGlobal('JSON', { parse: JSON.parse, stringify: JSON.stringify })
    expect(prettyText('{"a":12345678901234567890}')).toBe('{"a":12345678901234567890}')
    vi.unstubAllGlobals()
  })

  it('are counted', () => {
    expect([0, 512, 3482, 5_242_880].map(sayBytes)).toEqual(['0 B', '512 B', '3.4 KB', '5 MB'])
  })
})
