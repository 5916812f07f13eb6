import { join } from 'node:path'
import { openGoBetween } from './go-between'

/** The go-betweens of this sandbox, one for each origin that was opened in the imitated WebView. */
export interface WebViews {
  /** The same address at the go-between of its origin. @param host origin of the host page. @throws Error when no port can be had */
  standIn(address: string, host: string): Promise<string>
}

/** Files stay beside the sources. @param publicFolder where the bridge's script is */
export function createWebViews(publicFolder: string, stopping: AbortSignal): WebViews {
  const opened = new Map<string, Promise<string>>()
  const open = async (target: string, host: string): Promise<string> => {
    const { own, server } = await openGoBetween(target, host, join(publicFolder, 'host/webview-bridge.js'))
    const close = (): void => {
      server.close()
      server.closeAllConnections()
    }
    stopping.addEventListener('abort', close, { once: true })
    return own
  }
  return {
    async standIn(address, host) {
      const { origin, pathname, search, hash } = new URL(address)
      const key = `${origin} ${host}`
      const own = opened.get(key) ?? open(origin, host)
      opened.set(key, own)
      return (await own) + pathname + search + hash
    },
  }
}
