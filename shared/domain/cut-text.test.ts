import fc from 'fast-check'
import { expect, it } from 'vitest'
import { cutText } from './cut-text.ts'

const bytesOf = (text: string) => new TextEncoder().encode(JSON.stringify(text)).length - 2

it('cuts any text to a number of bytes of JSON, keeps what fits, and never splits a character', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 60 }), fc.nat(200), (text, bytes) => {
      const cut = cutText(text, bytes)

      expect(text.startsWith(cut)).toBe(true)
      expect(bytesOf(cut)).toBeLessThanOrEqual(bytes)
      if (bytesOf(text) <= bytes) expect(cut).toBe(text)
      else expect(bytesOf(cut)).toBeGreaterThan(bytes - 6)
      expect(cut.isWellFormed()).toBe(text.slice(0, cut.length).isWellFormed())
    }),
  )
})

it('counts half a surrogate pair as JSON writes it', () => {
  expect(cutText('\ud800\ud800', 6)).toBe('\ud800')
})
