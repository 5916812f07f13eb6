/** What was typed as an address is handed to a mail server as one address or not at all; so nothing else may be accepted where addresses are typed. */
export const isUsableAddress = (text: string): boolean => /^[^\s@<>,;:"()[\]\\]{1,64}@[^\s@<>,;:"()[\]\\]{1,190}$/.test(text)
