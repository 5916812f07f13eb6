/**
 * What the text of each migration comes to. Databases out there have been made by that text and never read it again, so a change of it makes two kinds of databases: 023 was changed
 * once, and 027 had to bring them together. A line is added with a new migration, and never changed.
 */
export const DIGESTS: Readonly<Record<string, string>> = {
  '001_ledger': 'ccad472fdeed1056a812b619d5fcfcb9a3eef260a581a35a38e195ff8f0f9f4e',
  '002_members': 'a8d121c2345a346a6983e8596a0635dfaa95391cb06baa44fb188b0eb1288b48',
  '003_payments': 'f60fe85bbc79a6467bfaf4f557d75366c43c7dffada1764c3aca92dd8ecee968',
  '004_heartbeat': 'dbefd42bb6246533b33006a7c2fb4d6d72f4031820c8e646c581a543424e8be7',
  '005_request_budget': '7556a2be6c66045e855252ca511826558197cdbf48b557403fc4efd5e890d21b',
  '006_accruals': 'a6b6de0f074f0b67a774702b147ada26fd2fea25ef818137cb5b583635ec08be',
  '007_ledger_write': '0b6075f0c2e43ca41a57892d6d8042cdf8f63d303f48ed12a8c4a837159cbab5',
  '008_accruals': '8ea94653da827d000d70544ef5ad7daa4be570cd1ba2bfa207b5a73d09a142c9',
  '009_payments_write': '6194706c824c816cc4ee59397f944aa51f9da102aa5ec2f2ab5d5e8343f4b9ae',
  '010_approvals_audit': '5f8a14e7e1ea7b5d62925a546ff153eef5124c00c29c97b6b802dede230926c4',
  '011_staff': 'f398bb9d2ee7f574310936a39110e605b9c4016c83e16568f7d9cb4ee3cf0c6d',
  '012_member_care': '7e66fa25be617f0d0ede0d6c46d21f5585d5d1de44f6154fc552e541da31f0df',
  '013_reconciliation': 'efd4cb226b77560c3abb37062818f639b605c1ed2336debc0430f2c03f078193',
  '014_fund_notices': '37129d472edac55fabaa20c3dd29605f84fc7c486bf9539cc048409578fa2ff4',
  '015_company_payments': 'f29afba9d6aaa00ffad98a319de6b8c2ea37aaf01ef47c3483ea68dcac994657',
  '016_autopay_rules': '415bffb6b726996d293e8d2fe635099dbcca7aa4a4c291f9865da5ff6f399491',
  '017_autopay_runs': '2f1ab39fa5a6a608280d154ceedc926288c8ba65adb91f69e187463f8d945c61',
  '018_orders': 'ee987bba215bfd31227ca9831dc2065f24b9344951ddafb5eed7fff2f3e19518',
  '019_catalogue': '1b405ce9206113a5602bb7e2215d9c52c4d41bd98c63453503e19eb22962bb51',
  '020_guests': '9a73604afd8cf8d06190f9416912129d4d47e0db361daf0e8ff4d344d0f700d8',
  '021_replaced_and_left': '40299172ffbf22a65a85ae0df096c93f713887f8b7a1dbae898739a3f2354874',
  '022_alone': 'b2f829bcdcaf1b7836801470e93743767ab47d11aab2e193497bcecf1ac6fd89',
  '023_set_guards': '610dbe497adb2577c9f979f335222b6ff49f9dae73722a7a668cfc6480f62e16',
  '024_rows_and_indexes': '90aa15be482dc15369bf85eede0b95ce8443859fe970df8a6a59b43167f8adaa',
  '025_month_letters': 'f993a7c0e485b1dafaba90095ecd1727a7b5b3ba5a23f146a4ae6f76853724e7',
  '026_staff_email': '4db8fbddeb650e7ca0a6d89e5fafd56b1c672beca7a903ee549b939082e973b5',
  '027_one_set_of_guards': '41ec10dea1d6b27f542f40c3cc0b4f8d6dfcdd602bbb65c93181972206773421',
  '028_sent_forms': '073a51317027cc04d3281c32e535cd4002821f583aae9e986744443d2362b164',
}
