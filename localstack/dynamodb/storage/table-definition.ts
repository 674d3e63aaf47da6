/** What a table is, as it is kept: the members of CreateTable that describe it. */
export type TableDefinition = {
  readonly name: string
  readonly id: string
  readonly hashKey: KeyAttribute
  readonly rangeKey: KeyAttribute | null
  readonly billingMode: string
  readonly createdAt: number
  readonly timeToLive: string | null
}
export type KeyAttribute = { readonly name: string; readonly type: 'S' | 'N' | 'B' }
