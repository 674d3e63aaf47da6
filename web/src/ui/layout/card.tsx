import { type ReactNode, useId } from 'react'
import './card.css'

type Props = {
  readonly title: string
  /** Right of the title: usually a FreshnessBadge, and actions. */
  readonly aside?: ReactNode
  readonly className?: string
  readonly children: ReactNode
}

/** A widget: a titled section on its own surface. */
export function Card({ title, aside, className, children }: Props) {
  const id = useId()
  return (
    <section className={className ? `card ${className}` : 'card'} aria-labelledby={id}>
      <header className="card-head">
        <h2 id={id}>{title}</h2>
        {aside && <div className="card-aside">{aside}</div>}
      </header>
      {children}
    </section>
  )
}
