// No leading zeros and no bare "1e5": those are codes and article numbers more often than numbers.
const NUMBER = /^-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]\d+)?$/
/** Doubles carry 15 decimal digits exactly; a longer number would come back as another one. */
const EXACT_DIGITS = 15

/** Reads a cell as the number or boolean that it spells, else as text. */
export function castCell(text: string): string | number | boolean {
  if (text === 'true') return true
  if (text === 'false') return false
  if (!NUMBER.test(text) || text.replace(/[eE].*$/, '').replace(/\D/g, '').length > EXACT_DIGITS) return text
  const number = Number(text)
  return Number.isFinite(number) ? number : text
}
