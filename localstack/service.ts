/** The part of `serverless.yml` that the local stack reads, after its variables are resolved. */
export type Service = {
  readonly provider: { environment?: Record<string, unknown> }
  readonly functions?: Readonly<
    Record<string, { readonly events?: readonly Readonly<Record<string, unknown>>[] }>
  >
  readonly resources?: {
    readonly Resources?: Readonly<Record<string, { readonly Type: string; readonly Properties?: unknown }>>
  }
  readonly custom?: { readonly topics?: { readonly partitions?: number } }
}
