/** A file that is made while it is sent. */
export interface Download {
  /** ASCII letters, digits, dots and dashes. */
  readonly name: string
  readonly type: string
  readonly pieces: AsyncIterable<string | Uint8Array>
}
