const LOGIN = /^[a-z0-9][a-z0-9._@+-]{0,63}$|^[а-яё0-9][а-яё0-9._@+-]{0,63}$/

/**
 * The one spelling under which a login is stored, sought and counted: no surrounding blanks, compatibility forms folded, lower case.
 * Returns undefined for what cannot be a login: at most 64 letters, digits and `. _ @ + -`, Latin or Cyrillic and never both,
 * so that two logins that look alike are not two members.
 */
export function canonicalLogin(typed: string): string | undefined {
  const login = typed.trim().normalize('NFKC').toLowerCase()
  return LOGIN.test(login) ? login : undefined
}
