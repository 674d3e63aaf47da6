import * as z from 'zod'

/** A parameter that is text; absent is empty. */
export const text = z.coerce.string().trim().default('')

/** An e-mail address, or null if it is empty. */
export const optionalEmail = text
  .refine((value) => value === '' || /^[^@\s]+@[^@\s]+\.[^@\s]+$/.test(value), 'must be an e-mail address')
  .transform((value) => (value === '' ? null : value))

/** The items between commas, without the spaces around them. */
export function itemsOf(value: string): readonly string[] {
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')
}

/** Items between commas. */
export const items = text.transform(itemsOf)

/** A whole number from 1 on. `unit` is what the error says it is of, such as ` of gibibytes`. */
export function wholeNumber(most: number, unit = '') {
  const problem = `must be a whole number${unit} from 1 to ${most}`
  return z.coerce.number(problem).int(problem).min(1, problem).max(most, problem)
}
