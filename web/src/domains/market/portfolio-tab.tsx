import { AccountStrip } from './account-strip.tsx'
import { PositionTable } from './position-table.tsx'
import { SharesHeld } from './shares-held.tsx'

/** What is owned, what it is worth now, and what it gained. */
export function PortfolioTab() {
  return (
    <>
      <AccountStrip />
      <div className="market-split">
        <PositionTable />
        <SharesHeld />
      </div>
    </>
  )
}
