import { alertsView, userAlertsView } from './alert-views.ts'
import { bookView } from './book-view.ts'
import { candleHistoryView, candlesView } from './candle-views.ts'
import { ordersView } from './orders-view.ts'
import { portfolioView } from './portfolio-view.ts'
import { quotesView } from './quotes-view.ts'
import { volumeView } from './volume-view.ts'

/** The views of the domain without its schemas, so that a browser does not load the schema library. */
export const marketViews = {
  name: 'market',
  views: {
    /** One for each symbol and interval, `candleKey`. */
    candles: candlesView,
    /** One for each symbol, interval and period, `candleHistoryKey`. */
    'candle-history': candleHistoryView,
    /** One for each symbol. */
    quotes: quotesView,
    volume: volumeView,
    alerts: alertsView,
    book: bookView,
    /** One for each user. */
    portfolio: portfolioView,
    orders: ordersView,
    'user-alerts': userAlertsView,
  },
} as const
