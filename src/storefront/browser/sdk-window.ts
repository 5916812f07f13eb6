import { accept, appBridge, isFramed, post } from './parent-window'
import type { Message } from './parent-window'

/*
 * The official SDK listens to everybody and posts to everybody. The bundler gives it this in the place of `window`, so that both go through `parent-window`; our own code
 * says `self` for the real one.
 */

type Listener = (event: { readonly data: Message }) => void

const listeners = new Map<Listener, (event: MessageEvent<unknown>) => void>()

const sdkWindow = {
  get location(): Location {
    return self.location
  },
  /** In an application as in a frame the SDK hands its messages to `parent`: the way from there on is not its business. */
  get parent(): unknown {
    return isFramed() || appBridge() ? { postMessage: (message: Message) => post(message), location: self.location } : sdkWindow
  },
  addEventListener(_type: 'message', listener: Listener): void {
    const guarded = (event: MessageEvent<unknown>): void => {
      const message = accept(event)
      if (message) listener({ data: message })
    }
    listeners.set(listener, guarded)
    self.addEventListener('message', guarded)
  },
  removeEventListener(_type: 'message', listener: Listener): void {
    const guarded = listeners.get(listener)
    if (guarded) self.removeEventListener('message', guarded)
  },
}

export { sdkWindow as window }
