/**
 * The part of CloudWatch's metric math that our alarms use, on one datapoint: numbers, ids, + - * /, comparisons, AND, OR,
 * IF, FILL, SUM and MAX.
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
 *
 * Returns null where there is no datapoint: an operation on a missing one is missing, SUM and MAX leave missing ones out,
 * FILL replaces them, and what is divided by 0 is missing. Throws an error if the expression is none.
 */
export function evaluateMath(expression: string, datapointOf: (id: string) => number | null): number | null {
  const tokens = expression.match(TOKEN) ?? []
  if (tokens.join('') !== expression.replaceAll(/\s/g, '')) throw new Error(`cannot read ${expression}`)
  let next = 0
  const value = or()
  if (next !== tokens.length) throw new Error(`cannot read ${expression} from ${tokens[next]} on`)
  return value

  function or() {
    return chain(and, { OR: (a, b) => Number(a !== 0 || b !== 0) })
  }
  function and() {
    return chain(comparison, { AND: (a, b) => Number(a !== 0 && b !== 0) })
  }
  function comparison() {
    return chain(sum, {
      '>': (a, b) => Number(a > b),
      '<': (a, b) => Number(a < b),
      '>=': (a, b) => Number(a >= b),
      '<=': (a, b) => Number(a <= b),
      '==': (a, b) => Number(a === b),
    })
  }
  function sum() {
    return chain(product, { '+': (a, b) => a + b, '-': (a, b) => a - b })
  }
  function product() {
    return chain(atom, { '*': (a, b) => a * b, '/': (a, b) => (b === 0 ? null : a / b) })
  }

  type Operation = (a: number, b: number) => number | null
  function chain(part: () => number | null, operations: Readonly<Record<string, Operation>>): number | null {
    let left = part()
    for (;;) {
      const operation = operations[tokens[next] ?? '']
      if (operation === undefined) return left
      next++
      const right = part()
      left = left === null || right === null ? null : operation(left, right)
    }
  }

  function atom(): number | null {
    const token = take()
    if (token === '(') {
      const inner = or()
      take(')')
      return inner
    }
    if (/^[\d.]+$/.test(token)) return Number(token)
    if (tokens[next] !== '(') return datapointOf(token)
    take('(')
    const result = call(token)
    take(')')
    return result
  }

  function call(name: string): number | null {
    if (name === 'SUM' || name === 'MAX') {
      const present = array().filter((item) => item !== null)
      if (present.length === 0) return null
      return name === 'SUM' ? present.reduce((a, b) => a + b, 0) : Math.max(...present)
    }
    const first = or()
    take(',')
    const second = or()
    if (name === 'FILL') return first ?? second
    if (name !== 'IF') throw new Error(`${name} is not known`)
    take(',')
    const third = or()
    return first === null ? null : first === 0 ? third : second
  }

  function array(): (number | null)[] {
    take('[')
    const items = [or()]
    while (tokens[next] === ',') {
      take(',')
      items.push(or())
    }
    take(']')
    return items
  }

  function take(expected?: string): string {
    const token = tokens[next++] ?? 'the end'
    if (expected !== undefined && token !== expected)
      throw new Error(`cannot read ${expression}: ${token} instead of ${expected}`)
    return token
  }
}

const TOKEN = /[a-z]\w*|[A-Z]+|\d+(?:\.\d+)?|[<>=]=|[-+*/()[\],<>]/g
