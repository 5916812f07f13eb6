import { asSeenBy } from '../../src/autopay/sole-proprietor'
import type { Organisation } from '../../src/autopay'
import type { StaffRole } from '../../src/shared/actor'
import { organisation } from './cases'

const named = (name: string, vatNumber: string): Organisation => ({ ...organisation(), name, vatNumber })
const seenBy = (role: StaffRole, one: Organisation): string => {
  const { name, vatNumber } = asSeenBy({ kind: 'staff', id: 's1', login: role, role }, one)
  return `${name} ${vatNumber}`
}

test.each([
  ['ИП Петров Иван', 'ИП П*** И***'],
  ['ИП Ли Ян', 'ИП Л*** Я***'],
  ['Ип Ё Ю.', 'Ип Ё*** Ю***.'],
  ['КФХ О’Коннор Ян-Эрик', 'КФХ О***’К*** Я***'],
])('of the sole proprietor %s whoever may not see personal data sees no name, however short', (name, masked) => {
  expect(seenBy('support', named(name, '770123456789'))).toBe(`${masked} 7701********`)
  expect(seenBy('operator', named(name, '770123456789'))).toBe(`${name} 770123456789`)
})

test('a company is no person', () => {
  expect(seenBy('support', named('ООО Ли', '7701234567'))).toBe('ООО Ли 7701234567')
})
