/** Russian has more plural forms than English. */
export type RussianOnly = `${string}_few` | `${string}_many`

/** The English texts that belong to a set of Russian ones. */
export type EnglishOf<Russian> = Record<Exclude<keyof Russian, RussianOnly>, string>
