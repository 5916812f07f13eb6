import type { EnglishOf } from './russian-only'

/**
 * Sentences that are stored with what they are about: details of alerts, notes of histories, why a run ended. They are stored in English, which machines are told too, and
 * read in the reader's language (`src/shared/told.ts`). A sentence that is changed here is not recognised any more where it was stored before: add a new one and keep the old.
 */
export const toldRu = {
  'told.clock_ahead':
    'Часы на {{host}} спешат на {{seconds}} с против часов базы данных. Пока их не поправят, процессы там не берутся за работу.',
  'told.clock_behind':
    'Часы на {{host}} отстают на {{seconds}} с от часов базы данных. Пока их не поправят, процессы там не берутся за работу.',
  'told.fund_below': 'В фонде доступно {{available}} ₽, это ниже порога {{threshold}} ₽.',
  'told.fund_too_low': 'Инвойсбокс сообщает, что денег гарантийного фонда не хватает на оплату.',
  'told.token_refused_at_start': 'Инвойсбокс не принимает наш токен: так он ответил при запуске шлюза.',
  'told.token_refused': 'Инвойсбокс не принимает наш токен: HTTP {{status}} на {{operation}}.',
  'told.merchant_token_refused':
    'Инвойсбокс не принимает токен магазина (INVOICEBOX_MERCHANT_TOKEN): заказы не создаются и не проверяются.',
  'told.cancelled_after_paid': 'Магазин отменил заказ после того, как мы его оплатили.',
  'told.not_shown_as_paid': 'Инвойсбокс всё ещё не показывает счёт оплаченным.',
  'told.second_look_fails': 'Счёт проведённой оплаты не удаётся прочитать для сравнения: {{outcome}}.',
  'told.amount_in_suspense': 'Согласие на {{consented}}, из фонда взято {{taken}}. Разница ждёт на счёте расхождений.',
  'told.amount_not_booked': 'Согласие на {{consented}}, из фонда взято {{taken}}. Разницу не удалось записать ({{code}}).',
  'told.several_transactions': 'На одну нашу операцию Инвойсбокс ответил несколькими транзакциями: {{ids}}. Проведена одна.',
  'told.accepted_after_void': 'Инвойсбокс принял нашу операцию после того, как оплата была у нас отменена.',
  'told.refused_yet_paid': 'Инвойсбокс отказал нашей операции ({{refusal}}), но счёт оплачен: кем, не доказано.',
  'told.refused_and_cancelled': 'Инвойсбокс отказал нашей операции ({{refusal}}), и счёт отменён.',
  'told.refused_and_unpaid': 'Отказ: {{refusal}}; счёт не оплачен.',
  'told.own_invoice_not_asked': 'В счёте есть баллы или ваучер, которые продаём мы сами. Инвойсбокс об оплате не спрашивали.',
  'told.no_definite_answer': 'Инвойсбокс не дал определённого ответа за {{attempts}} попыток, последняя: {{reason}}.',
  'told.amount_changed_meanwhile': 'Сумма счёта изменилась раньше, чем стало известно, дошла ли наша оплата.',
  'told.invoice_not_understood': 'Счёт не удаётся понять, пока неизвестно, дошла ли наша оплата: {{problem}}',
  'told.confirm_redirected': 'На подтверждение пришла переадресация, по ней не пошли.',
  'told.write_redirected': 'На запрос с изменением пришла переадресация, по ней не пошли.',
  'told.notice_given_up':
    'Уведомление ({{channel}}) отправить не удалось ({{error}}): {{id}}. См. «Уведомления», состояние «не отправлено».',
  'told.rules_broken': 'Нарушено правил: {{count}}, первое: {{first}} Выполните gateway ledger verify и gateway audit verify.',
  'told.staff_added': 'Сотрудник {{id}} добавлен с ролью {{role}} командой на сервере.',
  'told.staff_role': 'Сотруднику {{id}} дана роль {{role}} командой на сервере.',
  'told.staff_factor': 'У сотрудника {{id}} сброшен второй фактор командой на сервере.',
  'told.staff_disabled': 'Сотрудник {{id}} отключён командой на сервере.',
  'told.staff_enabled': 'Сотрудник {{id}} включён командой на сервере.',
  'told.not_compared': 'Наши оплаты не удалось сравнить с Инвойсбоксом: {{problem}}',
  'told.list_without_status': 'Инвойсбокс перечисляет счета без состояния: это ничего не доказывает.',
  'told.list_repeats': 'Страницы списка Инвойсбокса повторяются, до конца дойти не удалось.',
  'told.list_unread': 'Список счетов Инвойсбокса не удалось прочитать ({{reason}}).',
  'told.own_error': 'ошибка у нас; подробности в журнале',
  'told.process_ended': 'процесс завершился',
  'told.invoicebox_unread': 'Инвойсбокс не удалось прочитать: {{reason}}',
  'told.merchant_cancelled': 'Магазин отменил заказ после оплаты.',
  'told.approval_waits': 'Запрос ({{kind}}) ждёт второго сотрудника до {{until}}.',
  'told.order_other_amount': 'Инвойсбокс сообщает, что заказ {{number}} оплачен на другую сумму. Ничего не зачислено.',
  'told.order_sold_out': 'Ваучер оплачен поздно, и кода для него не осталось. Загрузите коды и проверьте заказ или верните деньги.',
  'told.code_unreadable':
    'Код оплаченного заказа не открывается: CODES_SECRET не тот, под которым он сохранён. Верните прежнее значение; покупателю код пока не виден.',
  'told.order_nobody': 'Оплачен заказ участника, чьи данные удалены: отдать купленное некому. Верните деньги.',
  'told.order_paid_and_cancelled':
    'Инвойсбокс сообщил и об оплате этого заказа, и об отмене: узнайте у него, что верно. Что уже зачислено или выдано, остаётся у покупателя; остальное не выдаётся, пока Инвойсбокс снова не подтвердит оплату.',
  'told.refund_not_askable': 'Возврат {{number}} держит баллы, а спросить о нём Инвойсбокс нельзя: не задан INVOICEBOX_MERCHANT_ID.',
  'told.refund_unanswered': 'По возврату {{number}} сутки нет определённого ответа Инвойсбокса. Баллы остаются в резерве.',
  'told.refund_incomplete': 'Инвойсбокс принял возврат {{number}} несколько дней назад и не завершил его. Баллы списаны.',
  'told.refund_cancelled': 'Инвойсбокс отменил принятый возврат {{number}}. Баллы или код возвращены.',
  'told.refund_cancelled_points': 'Инвойсбокс отменил принятый возврат {{number}}. Баллы снова на счёте.',
  'told.refund_cancelled_code': 'Инвойсбокс отменил принятый возврат {{number}}. Код снова у покупателя и действует.',
  'told.refund_cancelled_nothing':
    'Инвойсбокс отменил принятый возврат {{number}}. Деньги не ушли, а покупатель по этому заказу ничего не получил: проверьте заказ или верните деньги снова.',
  'told.refund_unknown': 'У Инвойсбокса есть возврат {{number}} этого заказа, а у нас нет: деньги уходят или уже ушли, а баллы остались.',
  'told.refund_taken_late': 'Инвойсбокс принял возврат {{number}}, баллы которого уже вернули, сочтя его отклонённым.',
  'told.refund_another': 'Под номером {{number}} у Инвойсбокса другой возврат, иного заказа или суммы. Баллы остаются в резерве.',
  'told.refund_other_fee':
    'Заказ-корректировка возврата {{number}} удерживает у Инвойсбокса не ту сумму, что комиссия. Баллы остаются в резерве.',
  'told.refund_no_draft':
    'Возврат {{number}} уже не черновик, а комиссия не удержана: Инвойсбокс может выплатить всю сумму. Баллы остаются в резерве.',
  'told.refund_draft_left':
    'От возврата {{number}} отказались ({{code}}), но его черновик остался у Инвойсбокса и мешает новым возвратам заказа.',
  'told.refund_refused': 'Отказ Инвойсбокса: {{code}}.',
  'told.codes_left': 'В предложении «{{title}}» осталось кодов: {{left}}. Загрузите новые на его странице.',
} as const satisfies Record<string, string>

export const toldEn = {
  'told.clock_ahead':
    "The clock of {{host}} is {{seconds}} seconds ahead of the database's clock. No process there takes up work until it is set right.",
  'told.clock_behind':
    "The clock of {{host}} is {{seconds}} seconds behind the database's clock. No process there takes up work until it is set right.",
  'told.fund_below': 'The fund has {{available}} RUB available, which is below the threshold of {{threshold}} RUB.',
  'told.fund_too_low': 'Invoicebox says that the guarantee fund does not reach for a payment.',
  'told.token_refused_at_start': 'Invoicebox refuses our token: it said so when the gateway started.',
  'told.token_refused': 'Invoicebox refuses our token: HTTP {{status}} to {{operation}}.',
  'told.merchant_token_refused':
    'Invoicebox refuses the token of the shop (INVOICEBOX_MERCHANT_TOKEN): orders are neither made nor checked.',
  'told.cancelled_after_paid': 'The merchant cancelled the order after we had paid it.',
  'told.not_shown_as_paid': 'Invoicebox still does not show the invoice as paid.',
  'told.second_look_fails': 'The invoice of a captured payment cannot be read for comparison: {{outcome}}.',
  'told.amount_in_suspense': 'Consented: {{consented}}; taken from the fund: {{taken}}. The difference waits in suspense.',
  'told.amount_not_booked': 'Consented: {{consented}}; taken from the fund: {{taken}}. The difference could not be booked. ({{code}})',
  'told.several_transactions': 'Invoicebox answered our one operation with several transactions: {{ids}}. One capture was made.',
  'told.accepted_after_void': 'Invoicebox accepted our operation after the payment had been voided here.',
  'told.refused_yet_paid': 'Invoicebox refused our operation with {{refusal}}, yet the invoice reads paid: by whom is not proved.',
  'told.refused_and_cancelled': 'Invoicebox refused our operation with {{refusal}}, and the invoice reads cancelled.',
  'told.refused_and_unpaid': 'Refused with {{refusal}}; the invoice reads not paid.',
  'told.own_invoice_not_asked': 'Points or a voucher that we sell are on the invoice. Invoicebox was not asked to pay.',
  'told.no_definite_answer': 'Invoicebox gave no definite answer in {{attempts}} attempts, the last: {{reason}}.',
  'told.amount_changed_meanwhile': 'The amount of the invoice changed before it was known whether our payment arrived.',
  'told.invoice_not_understood': 'The invoice cannot be understood while it is not known whether our payment arrived: {{problem}}',
  'told.confirm_redirected': 'The confirm was answered with a redirect, which was not followed.',
  'told.write_redirected': 'A write was answered with a redirect, which was not followed.',
  'told.notice_given_up': 'A notice by {{channel}} was given up ({{error}}): {{id}}. See `gateway notices list --state failed`.',
  'told.rules_broken': '{{count}} rules are broken, first: {{first}} Run "gateway ledger verify" and "gateway audit verify".',
  'told.staff_added': 'Staff {{id}} was added with the role {{role}} by command line.',
  'told.staff_role': 'Staff {{id}} was given the role {{role}} by command line.',
  'told.staff_factor': 'Staff {{id}} lost the second factor by command line.',
  'told.staff_disabled': 'Staff {{id}} was disabled by command line.',
  'told.staff_enabled': 'Staff {{id}} was enabled by command line.',
  'told.not_compared': 'Our payments could not be compared with Invoicebox: {{problem}}',
  'told.list_without_status': 'Invoicebox lists invoices without a status, which proves nothing.',
  'told.list_repeats': "The pages of Invoicebox's list repeat themselves, so its end was not reached.",
  'told.list_unread': "Invoicebox's list of invoices could not be read ({{reason}}).",
  'told.own_error': 'an error of our own; the log tells more',
  'told.process_ended': 'its process ended',
  'told.invoicebox_unread': 'Invoicebox could not be read: {{reason}}',
  'told.merchant_cancelled': 'The merchant cancelled the order after it was paid.',
  'told.approval_waits': 'A request ({{kind}}) waits for a second person until {{until}}.',
  'told.order_other_amount': 'Invoicebox says that order {{number}} was paid with another amount. Nothing was credited.',
  'told.order_sold_out':
    'A voucher was paid late, and no code is left for it. Import codes and check the order, or give the money back with `gateway orders refund`.',
  'told.code_unreadable':
    'The code of a paid order does not open: CODES_SECRET is not what it was stored under. Set the old value; until then its buyer does not see the code.',
  'told.order_nobody':
    'An order was paid whose member has been erased: there is nobody to give it to. Give the money back with `gateway orders refund`.',
  'told.order_paid_and_cancelled':
    'Invoicebox told both that this order was paid and that it was cancelled: see there which is so. What was credited or handed out stays with the buyer; nothing more is handed out before Invoicebox confirms the payment anew.',
  'told.refund_not_askable': 'Refund {{number}} holds points, and Invoicebox cannot be asked about it: INVOICEBOX_MERCHANT_ID is not set.',
  'told.refund_unanswered': 'Refund {{number}} has had no definite answer of Invoicebox for a day. Its points stay held.',
  'told.refund_incomplete': 'Invoicebox took refund {{number}} days ago and has not completed it. Its points are gone.',
  'told.refund_cancelled': 'Invoicebox has cancelled refund {{number}} after taking it. Its points, or its code, are back.',
  'told.refund_cancelled_points': 'Invoicebox has cancelled refund {{number}} after taking it. Its points are back on the account.',
  'told.refund_cancelled_code': 'Invoicebox has cancelled refund {{number}} after taking it. The buyer has the code again, and it is good.',
  'told.refund_cancelled_nothing':
    'Invoicebox has cancelled refund {{number}} after taking it. No money went, and the buyer has got nothing for this order: check the order, or refund it anew.',
  'told.refund_unknown':
    'Invoicebox has refund {{number}} of this order, which is not in our books: the money goes or is gone, and the points are still there.',
  'told.refund_taken_late': 'Invoicebox has taken refund {{number}}, whose points were given back as if it had been refused.',
  'told.refund_another': 'Invoicebox has another refund under the number {{number}}, of another order or sum. The points stay held.',
  'told.refund_other_fee': 'The correction order of refund {{number}} keeps another sum at Invoicebox than the fee. The points stay held.',
  'told.refund_no_draft':
    'Refund {{number}} is no draft any more, and its fee is not kept: Invoicebox may pay out the whole sum. The points stay held.',
  'told.refund_draft_left':
    'Refund {{number}} was given up ({{code}}), but its draft stays at Invoicebox and bars further refunds of the order.',
  'told.refund_refused': 'Refused by Invoicebox: {{code}}.',
  'told.codes_left': 'The offer "{{title}}" has {{left}} codes left. Import more on its page.',
} as const satisfies EnglishOf<typeof toldRu>
