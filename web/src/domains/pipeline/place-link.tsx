import { Link } from '@tanstack/react-router'
import type { ComponentProps, ReactNode } from 'react'
import { parseSearch } from '#web/ui/state/use-search-state.ts'

type Props = {
  /** An address of the app with its search parameters, such as `addressOf` returns it. */
  readonly to: string
  readonly className?: string
  readonly children: ReactNode
}

/** A link to a place of the page. */
export function PlaceLink({ to, className, children }: Props) {
  const [path = '/', query = ''] = to.split('?')
  const place = { to: path, search: parseSearch(query) } as unknown as ComponentProps<typeof Link>
  return (
    <Link {...place} {...(className !== undefined && { className })}>
      {children}
    </Link>
  )
}
