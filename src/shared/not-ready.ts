/** The gateway must not start like this; each fault is one plain sentence. */
export class NotReady extends Error {
  override name = 'NotReady'
}
