export interface RefusedField {
  readonly name: string
  readonly code: string
  readonly message: string
}

/** An answer of the API or of the control interface that is a "no": HTTP status and the fields of the documented error shape. */
export class ApiRefusal extends Error {
  override name = 'ApiRefusal'
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly fields: readonly RefusedField[] = [],
    readonly headers: Readonly<Record<string, string>> = {},
  ) {
    super(message)
  }
}

/** 422 `validation` with one field, as the API words it. */
export const refusedField = (name: string, message: string): ApiRefusal =>
  new ApiRefusal(422, 'validation', 'Validation error', [{ name, code: 'wrong_value', message }])
