import { connectGate } from './invoicebox'
import type { Gate } from './invoicebox'
import { receiveNotification, recheckOpenOrders } from './orders'
import { VERSION } from './wiring'
import type { Parts } from './wiring'

/** The channel of notifications for operators without a public address; null where it is not used. */
export function openNotificationGate(parts: Parts): Gate | null {
  const { merchantToken: token, websocketUrl: url } = parts.config.invoicebox
  if (url === null || parts.merchant === null) return null
  return connectGate(
    { url, token, currencies: ['RUB'] },
    {
      log: parts.log,
      version: VERSION,
      random: Math.random,
      onOrder: (notification) => receiveNotification(parts, notification, { channel: 'websocket' }),
      onConnect: () => recheckOpenOrders(parts),
    },
  )
}
