import { InvalidArgumentError } from 'commander'

/** Returns a whole number of at least 1 from the command line. */
export function parseCount(text: string): number {
  const count = Number(text)
  if (!/^\d+$/.test(text) || count < 1 || !Number.isSafeInteger(count))
    throw new InvalidArgumentError('Give a whole number of at least 1.')
  return count
}

/** Returns a number above 0 from the command line. */
export function parsePositive(text: string): number {
  const number = Number(text)
  if (text.trim() === '' || !Number.isFinite(number) || number <= 0)
    throw new InvalidArgumentError('Give a number above 0.')
  return number
}
