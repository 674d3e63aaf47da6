import { Dialog as Radix } from 'radix-ui'
import { type ReactNode, useMemo } from 'react'
import { IconButton } from '#web/ui/form/button.tsx'
import './dialog.css'

type Props = {
  readonly title: string
  /** One sentence below the title, for everybody. */
  readonly lead?: string
  readonly open: boolean
  readonly onClose: () => void
  /** `drawer` comes from the side, and fills a phone. */
  readonly shape?: 'window' | 'drawer' | 'palette'
  readonly children: ReactNode
}

/**
 * A modal dialog: focus stays inside, Escape closes it, and focus goes back to where it was. The veil is ours, because
 * Radix's own locks scrolling with an inline style sheet, which our Content-Security-Policy forbids.
 */
export function Dialog({ title, lead, open, onClose, shape = 'window', children }: Props) {
  const opener = useMemo(() => (open ? findOpener() : null), [open])
  return (
    <Radix.Root open={open} onOpenChange={(isOpen) => isOpen || onClose()}>
      <Radix.Portal>
        <div className="dialog-veil" aria-hidden="true" />
        <Radix.Content
          className={`dialog dialog-${shape}`}
          aria-modal="true"
          onCloseAutoFocus={(event) => {
            // Radix would give it to a trigger, which we have none of.
            event.preventDefault()
            focusAgain(opener)
          }}
          {...(lead === undefined && { 'aria-describedby': undefined })}
        >
          <header className={shape === 'palette' ? 'visually-hidden' : 'dialog-head'}>
            <div>
              <Radix.Title className="dialog-title">{title}</Radix.Title>
              {lead !== undefined && <Radix.Description className="dialog-lead">{lead}</Radix.Description>}
            </div>
            {shape !== 'palette' && <IconButton icon="close" label="Close" onClick={onClose} />}
          </header>
          {children}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  )
}

/** What the focus is on; of an item of a menu, which goes away, the button that opened the menu. */
function findOpener(): Element | null {
  const active = document.activeElement
  const trigger = active?.closest('[role="menu"]')?.getAttribute('aria-labelledby')
  return trigger ? document.getElementById(trigger) : active
}

/** Where the opener is gone by now, reading goes on at the content. */
function focusAgain(opener: Element | null): void {
  const isThere = opener instanceof HTMLElement && opener.isConnected && opener !== document.body
  const target = isThere ? opener : document.getElementById('main')
  target?.focus()
}
