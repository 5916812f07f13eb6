import type { PlantedBug } from './bug'
import { BUGS_FOR_TESTS } from './bugs-for-tests'
import { BUGS_IN_THE_BOOKS } from './bugs-in-the-books'
import { BUGS_OF_RULE_R } from './bugs-of-rule-r'

export const PLANTED_BUGS: readonly PlantedBug[] = [...BUGS_OF_RULE_R, ...BUGS_IN_THE_BOOKS, ...BUGS_FOR_TESTS]
