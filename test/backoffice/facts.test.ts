import { actorName } from '../../src/backoffice/actor-name'
import { factLabel, factText } from '../../src/backoffice/facts'
import { createTexts } from '../../src/shared/texts'
import type { Language } from '../../src/shared/texts'
import { plain } from '../browser/checks'

const texts = createTexts()
const told = (name: string, value: string, language: Language = 'ru'): string =>
  plain(factText(value, { language, t: texts.translator(language) }, name))

describe('what the audit log keeps as bare numbers and codes is read as sums and words', () => {
  test.each([
    ['deposited', '1000000.00', '1 000 000,00 ₽', '₽1,000,000.00'],
    ['threshold', '500.50', '500,50 ₽', '₽500.50'],
    ['floor', '0.00', '0,00 ₽', '₽0.00'],
    ['points', '25000.00', '25 000 баллов', '25,000 points'],
    ['points', '-1.00', '−1 балл', '−1 point'],
    ['chips', '500.00 1000.00', '500,00 ₽, 1 000,00 ₽', '₽500.00, ₽1,000.00'],
    ['type', 'voucher', 'ваучер', 'voucher'],
    ['type', 'points', 'баллы', 'points'],
    ['vatCode', 'VATNONE', 'без НДС', 'no VAT'],
    ['kind', 'paid_there_unknown_here', 'Оплачен там, у нас неизвестен', 'Paid there, unknown here'],
    ['deed', 'staff_added', 'Добавить сотрудника', 'Add a member of staff'],
    ['request', '0193e8a2-0000-7000-8000-00000000aaaa', '…0000aaaa', '…0000aaaa'],
    ['vatCode', 'RUS_VAT10', '10 % в цене', '10% in the price'],
    ['vatCode', 'RUS_VAT20_ADDED', '20 % сверх цены', '20% on top of the price'],
  ])('%s %s', (name, value, ru, en) => {
    expect([told(name, value), told(name, value, 'en')]).toEqual([ru, en])
  })

  test('a fact of another name, and what was typed by hand, stays as it is', () => {
    expect([told('title', '500.00'), told('points', 'сто'), told('chips', ''), told('login', 'voucher'), told('vatCode', 'VAT')]).toEqual([
      '500.00',
      'сто',
      '—',
      'voucher',
      'VAT',
    ])
  })

  test('who signs, and who looks after an organisation, is told by logins and from which sum on, also where the log kept ids', () => {
    const [one, two] = ['0193e8a2-0000-7000-8000-00000000aaaa', '0193e8a2-0000-7000-8000-00000000bbbb']
    const reader = { language: 'ru', t: texts.translator('ru'), logins: new Map([[`staff:${one}`, 'olga']]) } as const
    const read = (name: string, value: string): string => plain(factText(value, reader, name))
    expect(read('approval_steps', `5000.00 ${one}; 20000.00 ${one} ${two}`)).toBe('5 000,00 ₽: olga; 20 000,00 ₽: olga, …0000bbbb')
    expect(read('approval_steps', '5000.00 ₽: olga, pyotr')).toBe('5 000,00 ₽: olga, pyotr')
    expect([read('assigned', `${one} ${two}`), read('assigned', 'olga, pyotr'), read('assigned', '')]).toEqual([
      'olga, …0000bbbb',
      'olga, pyotr',
      '—',
    ])
  })

  test('no name of a fact says a unit that its sum says already', () => {
    const t = texts.translator('ru')
    expect(['deposited', 'threshold', 'chips'].map((name) => factLabel(name, t)).filter((label) => label.includes('₽'))).toEqual([])
  })

  test('what the demo has put in is said to be of the demo', () => {
    expect(actorName('system:demo-data', new Map(), texts.translator('ru'))).toBe('данные демонстрации')
  })
})
